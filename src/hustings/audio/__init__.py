"""Sound as values: RTP, the jitter buffer, gain, loudness. No I/O, no clock, no asyncio."""
