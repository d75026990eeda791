"""How long an Opus packet sounds, from its first bytes (RFC 6716, section 3.1 and 3.2). Pure; decodes nothing."""

_LONGEST = 5760  # samples: 120 ms, the most a packet may hold (R5)
# A frame's samples by configuration: SILK 10, 20, 40, 60 ms; hybrid 10, 20 ms; CELT 2.5, 5, 10, 20 ms.
_FRAME = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4


def opus_samples(packet: bytes) -> int:
    """Samples at 48 kHz; 0 for what cannot be an Opus packet."""
    if not packet:
        return 0
    frame, code = _FRAME[packet[0] >> 3], packet[0] & 0x03
    if code < 3:
        return frame * (1 if code == 0 else 2)
    total = frame * (packet[1] & 0x3F) if len(packet) > 1 else 0
    return total if total <= _LONGEST else 0
