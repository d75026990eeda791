"""Pure sound: RTP, jitter buffer, gain, levels. No I/O, no clock."""
