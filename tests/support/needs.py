"""Says what a test needs from outside Python. Missing, the test is skipped with the reason; under CI it fails."""

import importlib.util
import os
import shutil
import subprocess

import pytest

PACKAGES = {  # program: the Debian package that brings it
    "chromium": "chromium",
    "espeak-ng": "espeak-ng",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    "gst-launch-1.0": "gstreamer1.0-tools",
    "gst-inspect-1.0": "gstreamer1.0-tools",
    "flite": "flite",
    "turnserver": "coturn",
    "ip": "iproute2",
    "nginx": "nginx-light",
    "caddy": "caddy",
    "systemd-analyze": "systemd",
    "iptables": "iptables",
}


def need_programs(*programs: str) -> None:
    """Call it first in a test or fixture."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        packages = sorted({PACKAGES.get(program, program) for program in missing})
        _without(f"{', '.join(missing)} not found: apt-get install {' '.join(packages)}")


def need_modules(*modules: str) -> None:
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        _without(f"Python module {', '.join(missing)} not installed: make test brings it, where it can be built")


def need_namespaces() -> None:
    """A network taken away needs one of the test's own: root's, on a kernel that makes them."""
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        _without(f"no network namespaces here ({tried.stderr.strip()}): run as root")


def _without(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
