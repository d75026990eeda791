"""Redundant audio data (RFC 2198): several frames in one payload, the older ones said again in case they were lost.

Whatever bytes arrive, parsing gives blocks or raises RtpBroken, nothing else. It never keeps state.
"""

from typing import Final, NamedTuple

from hustings.audio.rtp import RtpBroken

MAX_BLOCKS: Final = 9  # browsers send 2 or 3; a packet of hundreds of tiny blocks is an attack
LONGEST: Final = (1 << 10) - 1  # bytes: what the header's length can say
_FOLLOWED: Final = 0x80


class Block(NamedTuple):
    """One frame; `offset` in samples before the packet's own timestamp, 0 for the packet's own frame."""

    payload_type: int
    offset: int
    payload: bytes


def parse_red(payload: bytes) -> tuple[Block, ...]:
    """The blocks, oldest first, the packet's own last. Raises RtpBroken."""
    heads: list[tuple[int, int, int]] = []
    at = 0
    while at < len(payload) and payload[at] & _FOLLOWED:
        if len(heads) == MAX_BLOCKS or at + 4 > len(payload):
            raise RtpBroken("The redundant packet's list of blocks has no end.")
        word = int.from_bytes(payload[at + 1 : at + 4], "big")
        heads.append((payload[at] & 0x7F, word >> 10, word & LONGEST))
        at += 4
    if at >= len(payload):
        raise RtpBroken("The redundant packet ends within its list of blocks.")
    own_type, at = payload[at], at + 1
    blocks = []
    for payload_type, offset, length in heads:
        if at + length > len(payload):
            raise RtpBroken("The redundant packet is shorter than its blocks say.")
        blocks.append(Block(payload_type, offset, payload[at : at + length]))
        at += length
    return (*blocks, Block(own_type, 0, payload[at:]))


def build_red(blocks: tuple[Block, ...]) -> bytes:
    """The payload of these blocks, of which the last is the packet's own. Offsets and lengths within the bounds."""
    *older, own = blocks
    heads = b"".join(
        bytes([_FOLLOWED | block.payload_type]) + ((block.offset << 10) | len(block.payload)).to_bytes(3, "big")
        for block in older
    )
    return heads + bytes([own.payload_type]) + b"".join(block.payload for block in blocks)
