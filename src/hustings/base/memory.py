"""What a process's memory needs beside Python's own care: nothing here changes what a program does."""

import ctypes
import gc

SELDOM = (20_000, 50, 20)  # objects, then collections of younger ones, before each generation is gone through


def collect_seldom() -> None:
    """For a process that holds thousands of requests: each is some twenty objects, none of them garbage, and to go
    through them as often as Python does is a third of an edge's work.
    """
    gc.set_threshold(*SELDOM)


def settle() -> None:
    """Leave what there is out of every later garbage collection: going through all that imports made takes 90 ms, in
    which a stage misses four ticks. And give back what is free: glibc would keep 80 MB of what the beds were made in.
    """
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own
    if trim is not None:
        trim(0)
