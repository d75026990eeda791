"""Opus by ctypes on a real libopus: mono, 48 kHz, float. The only address of the codec.

PyAV's Opus conceals nothing and decodes no in-band FEC; a stage needs both. The library is the system's, else
the copy inside PyAV's wheel. It never resamples, buffers or knows of packets' order.
"""

import ctypes
import ctypes.util
import importlib.util
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from hustings.audio.level import Samples
from hustings.base.errors import HustingsError, Unavailable
from hustings.base.grid import SAMPLE_RATE, TICK

MAX_PACKET: Final = 1275  # bytes: the longest Opus frame, RFC 6716 §3.4
MAX_FRAME: Final = 5760  # samples: 120 ms, the longest packet, RFC 6716 §3.2.1

_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC, _SET_PACKET_LOSS, _SET_DTX = (
    4002,
    4010,
    4012,
    4014,
    4016,
)


class OpusError(HustingsError):
    """libopus refused: a payload that is no Opus, or a wrong setting."""

    code = "opus"


class OpusMissing(Unavailable):
    """No libopus can be loaded on this machine."""

    code = "opus_missing"


class Application(IntEnum):
    VOIP = 2048
    AUDIO = 2049


def _candidates() -> list[str]:
    system = ctypes.util.find_library("opus")
    bundled: list[str] = []
    spec = importlib.util.find_spec("av")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        for folder in (package.parent / "av.libs", package / ".dylibs"):
            bundled += sorted(str(path) for path in folder.glob("libopus[-.]*"))
    return ([system] if system else []) + bundled


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    signatures: dict[str, tuple[object, list[object]]] = {
        "opus_encoder_create": (pointer, [ctypes.c_int32, integer, integer, ctypes.POINTER(integer)]),
        "opus_encoder_destroy": (None, [pointer]),
        "opus_encoder_ctl": (integer, [pointer, integer]),
        "opus_encode_float": (ctypes.c_int32, [pointer, pointer, integer, ctypes.c_char_p, ctypes.c_int32]),
        "opus_decoder_create": (pointer, [ctypes.c_int32, integer, ctypes.POINTER(integer)]),
        "opus_decoder_destroy": (None, [pointer]),
        "opus_decoder_ctl": (integer, [pointer, integer]),
        "opus_decode_float": (
            integer,
            [pointer, ctypes.c_char_p, ctypes.c_int32, pointer, integer, integer],
        ),
        "opus_packet_get_nb_samples": (integer, [ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32]),
        "opus_strerror": (ctypes.c_char_p, [integer]),
        "opus_get_version_string": (ctypes.c_char_p, []),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@cache
def _opus() -> ctypes.CDLL:
    for candidate in _candidates():
        try:
            return _declare(ctypes.CDLL(candidate))
        except OSError:
            continue
    raise OpusMissing("No Opus library was found. Install libopus (Debian: libopus0).")


def _check(code: int) -> int:
    if code < 0:
        raise OpusError(f"Opus: {_opus().opus_strerror(code).decode()}.")
    return code


def opus_version() -> str:
    """Which libopus was loaded; raises OpusMissing."""
    version: bytes = _opus().opus_get_version_string()
    return version.decode()


def packet_samples(payload: bytes) -> int:
    """How many samples at 48 kHz a payload holds; raises OpusError when it is no Opus."""
    count = _check(_opus().opus_packet_get_nb_samples(payload, len(payload), SAMPLE_RATE))
    if count == 0:
        raise OpusError("Opus: the packet says that it holds no frames.")
    return count


class OpusEncoder:
    """Mono speech. Discontinuous transmission is off: a pause must not look like a lost connection."""

    def __init__(
        self,
        *,
        bitrate: int = 64_000,
        complexity: int = 5,
        application: Application = Application.VOIP,
        fec: bool = True,
        expected_loss: int = 0,
    ) -> None:
        """`bitrate` in bit/s; `expected_loss` in per cent: libopus adds FEC only when it is above 0."""
        self._state: int | None = None
        self._library = _opus()
        error = ctypes.c_int()
        self._state = self._library.opus_encoder_create(SAMPLE_RATE, 1, application, ctypes.byref(error))
        _check(error.value)
        self._out = ctypes.create_string_buffer(MAX_PACKET)
        self._set(_SET_BITRATE, bitrate)
        self._set(_SET_COMPLEXITY, complexity)
        self._set(_SET_INBAND_FEC, int(fec))
        self._set(_SET_PACKET_LOSS, expected_loss)
        self._set(_SET_DTX, 0)

    def encode(self, samples: Samples) -> bytes:
        """One packet of `samples`: float32 of shape (960,), or another length Opus knows (2.5 to 60 ms)."""
        block = np.ascontiguousarray(samples, dtype=np.float32)
        size = self._library.opus_encode_float(self._state, block.ctypes.data, len(block), self._out, MAX_PACKET)
        return self._out.raw[: _check(size)]

    def _set(self, request: int, value: int) -> None:
        _check(self._library.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)))

    def __del__(self) -> None:
        if self._state:
            self._library.opus_encoder_destroy(self._state)


class OpusDecoder:
    """One stream's state. Stereo payloads come out mixed to mono by libopus itself."""

    def __init__(self) -> None:
        self._state: int | None = None
        self._library = _opus()
        error = ctypes.c_int()
        self._state = self._library.opus_decoder_create(SAMPLE_RATE, 1, ctypes.byref(error))
        _check(error.value)
        self._out: Samples = np.empty(MAX_FRAME, dtype=np.float32)
        self._address = self._out.ctypes.data

    def decode(self, payload: bytes | None, *, fec: bool = False, size: int = TICK) -> Samples:
        """The payload's samples, float32.

        None conceals `size` lost samples. With `fec` the payload is the one *after* the loss and `size` samples
        of the lost one come out, concealed where it holds no redundancy. Raises OpusError; decoding may go on.
        """
        if payload == b"":
            raise OpusError("Opus: an empty payload is no packet.")
        room = size if payload is None or fec else MAX_FRAME
        length = len(payload) if payload is not None else 0
        count = self._library.opus_decode_float(
            self._state, payload, length, self._address, room, int(fec and payload is not None)
        )
        return self._out[: _check(count)].copy()

    def __del__(self) -> None:
        if self._state:
            self._library.opus_decoder_destroy(self._state)
