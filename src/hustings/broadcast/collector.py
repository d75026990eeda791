"""Blocks placed by position into windows of one size: what never came is silence where it belongs. Pure."""

import numpy as np

from hustings.documents.blocks import Samples


class Collector:
    """One window at a time; `start` is its first sample's position."""

    def __init__(self, size: int, start: int) -> None:
        self.size = size
        self.start = start
        self.touched = False
        self._samples = np.zeros(size, np.float32)

    @property
    def end(self) -> int:
        return self.start + self.size

    def put(self, position: int, samples: Samples) -> bool:
        """Place what falls into the window, late blocks nowhere; True when its last sample has come."""
        at = position - self.start
        if not 0 <= at < self.size:
            return False
        fits = min(samples.size, self.size - at)
        self._samples[at : at + fits] = samples[:fits]
        self.touched = True
        return at + fits == self.size

    def take(self) -> Samples:
        """The window as it is; the next one begins empty where it ends."""
        taken = self._samples
        self.move(self.end)
        return taken

    def move(self, start: int) -> None:
        """Begin an empty window at `start`."""
        self.start = start
        self.touched = False
        self._samples = np.zeros(self.size, np.float32)
