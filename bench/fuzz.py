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
from pathlib import Path

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


def fuzz(name: str, inputs: int, longest: int) -> tuple[float, str]:
    """Seconds taken, and what was found; empty when nothing was."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "seed").write_bytes(SEEDS.get(name, b"\x80\x6f"))
        limits = [f"-runs={inputs}", f"-max_len={longest}", "-timeout=1", "-verbosity=0", "-seed=1"]
        command = [sys.executable, "-m", "bench._fuzzer", name, *limits, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=_environment())
    return time.monotonic() - begin, "" if done.returncode == 0 else done.stderr[-2000:]


def _environment() -> dict[str, str]:
    """Crash files go into the folder that is thrown away; the modules come from here."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--inputs", type=int, default=10_000_000, help="over all parsers")
    given = arguments.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("fuzz: atheris is not installed here (it has no wheel for this system); nothing was tried")
        return 0
    failed = False
    for name, (share, longest) in PARSERS.items():
        inputs = round(given.inputs * share)
        seconds, found = fuzz(name, inputs, longest)
        failed |= bool(found)
        print(
            f"  {name:9} {inputs:9,} inputs  {inputs / seconds:8,.0f} a second  {found or 'nothing found'}",
            flush=True,
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
