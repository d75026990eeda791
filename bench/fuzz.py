"""Hostile bytes into every parser of the stage: at least ten million inputs, guided by coverage (atheris).

Run from the repository: `.venv/bin/python -m bench.fuzz [--inputs 10000000]`. A parser may refuse with its own error;
anything else that is raised, and anything slower than a second, fails. Prints the inputs tried and how fast.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PARSERS = {  # share of the inputs, the longest input in bytes
    "rtp": (0.3, 400),
    "rtcp": (0.2, 400),
    "red": (0.2, 400),
    "nack": (0.1, 200),
    "offer": (0.1, 4000),
    "fragment": (0.1, 2000),
}
SEEDS = {
    "offer": b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    b"m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    b"a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    b"a=fingerprint:sha-256 " + b":".join([b"AA"] * 32) + b"\r\na=setup:actpass\r\n",
    "fragment": b"a=ice-ufrag:abcd\r\na=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host\r\n",
}


def child(name: str, inputs: int, longest: int, folders: list[str]) -> None:
    """This process becomes the fuzzer of one parser; atheris ends it."""
    import atheris  # noqa: PLC0415 - only where the fuzzer runs: it instruments what is imported after it

    with atheris.instrument_imports(include=["hustings"]):
        from hustings.audio import red, retransmission, rtp, rtp_control  # noqa: PLC0415
        from hustings.stage import sdp  # noqa: PLC0415
    parsers: dict[str, tuple[Callable[[bytes], Any], type[Exception]]] = {
        "rtp": (rtp.parse_rtp, rtp.RtpBroken),
        "rtcp": (rtp_control.parse_rtcp, rtp.RtpBroken),
        "red": (red.parse_red, rtp.RtpBroken),
        "nack": (retransmission.parse_nack, rtp.RtpBroken),
        "offer": (lambda data: sdp.parse_offer(data.decode("utf-8", "replace")), sdp.BadOffer),
        "fragment": (lambda data: sdp.parse_fragment(data.decode("utf-8", "replace")), sdp.BadOffer),
    }
    parse, refusal = parsers[name]

    def one(data: bytes) -> None:
        try:
            parse(data)
        except refusal:
            return

    limits = [f"-runs={inputs}", f"-max_len={longest}", "-timeout=1", "-verbosity=0", "-seed=1"]
    atheris.Setup([sys.argv[0], *limits, *folders], one)
    atheris.Fuzz()


def fuzz(name: str, inputs: int) -> tuple[float, str]:
    """Seconds taken, and what was found; empty when nothing was."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "seed").write_bytes(SEEDS.get(name, b"\x80\x6f"))
        command = [sys.executable, "-m", "bench.fuzz", "--one", name, "--inputs", str(inputs), "--corpus", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=_environment())
    return time.monotonic() - begin, "" if done.returncode == 0 else done.stderr[-2000:]


def _environment() -> dict[str, str]:
    """Crash files go into the folder that is thrown away; the modules come from here."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--inputs", type=int, default=10_000_000, help="over all parsers")
    arguments.add_argument("--one", choices=PARSERS, help="become the fuzzer of one parser")
    arguments.add_argument("--corpus", default="", help="the folder of its inputs")
    given = arguments.parse_args()
    if given.one:
        child(given.one, given.inputs, PARSERS[given.one][1], [given.corpus] if given.corpus else [])
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("fuzz: atheris is not installed here (it has no wheel for this system); nothing was tried")
        return 0
    failed = False
    for name, (share, _longest) in PARSERS.items():
        inputs = round(given.inputs * share)
        seconds, found = fuzz(name, inputs)
        failed |= bool(found)
        print(
            f"  {name:9} {inputs:9,} inputs  {inputs / seconds:8,.0f} a second  {found or 'nothing found'}",
            flush=True,
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
