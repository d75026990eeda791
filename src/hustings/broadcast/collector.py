"""Blocks placed by position into windows of one size: what never came is silence where it belongs. Pure."""

import numpy as np

from hustings.documents.blocks import Samples


class Collector:
    """One window at a time; `start` is its first sample's position."""

    def __init__(self, size: int, start: int) -> None:
        self.size = size
        self.start = start
        self._reached = 0
        self._samples = np.zeros(size, np.float32)

    @property
    def end(self) -> int:
        return self.start + self.size

    def put(self, position: int, samples: Samples) -> Samples:
        """Place what falls into the window, what is late nowhere; gives back what lies beyond its end."""
        late = max(0, self.start - position)
        at, samples = position + late - self.start, samples[late:]
        fits = max(0, min(samples.size, self.size - at))
        if fits:
            self._samples[at : at + fits] = samples[:fits]
            self._reached = at + fits
        return samples[fits:]

    @property
    def touched(self) -> bool:
        """Whether anything was put into the window."""
        return self._reached > 0

    @property
    def full(self) -> bool:
        """Whether the window's last sample has come."""
        return self._reached == self.size

    def take(self) -> Samples:
        """The window as it is; the next one begins empty where it ends."""
        taken = self._samples
        self.move(self.end)
        return taken

    def move(self, start: int) -> None:
        """Begin an empty window at `start`."""
        self.start = start
        self._reached = 0
        self._samples = np.zeros(self.size, np.float32)
