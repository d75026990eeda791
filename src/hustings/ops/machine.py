"""The doctor's checks of this machine: Python, codecs, pages, disk, clock, limits. Opens no connection."""

import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hustings.base.clock import Clock
from hustings.base.errors import HustingsError
from hustings.base.grid import SAMPLE_RATE
from hustings.base.settings import Settings
from hustings.broadcast.encoder import RenditionEncoder
from hustings.documents.space import MAX_SEATS
from hustings.edge.role import SITE
from hustings.hls.renditions import AAC64, RENDITIONS
from hustings.ops.finding import Finding, Health
from hustings.stage.opus import opus_version

SEAT_BITRATE = 64_000  # bit/s: the most a seat is asked to send
FLAC_SHARE = 0.7  # of plain 16-bit samples, for voices in rooms that are not silent
BITS = (
    MAX_SEATS * SEAT_BITRATE  # tracks
    + 3 * AAC64.bitrate  # the record, the replay's segments, its download
    + 2 * FLAC_SHARE * 16 * SAMPLE_RATE  # the record, the replay's download
)
HOUR = round(BITS / 8 * 3600 / 1_000_000)  # MB: an hour of a full stage, recorded and made into a replay
LEAST_FREE = 1_000  # MB
OPEN_FILES = 4_096


def check_python(_settings: Settings, _clock: Clock) -> Iterator[Finding]:
    version = ".".join(str(number) for number in sys.version_info[:3])
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Finding("Python", Health.WELL, version)
    else:
        yield Finding(
            "Python",
            Health.FAULT,
            f"{version} is not supported",
            "install Python 3.11, 3.12 or 3.13, then make setup",
        )


def check_codecs(_settings: Settings, _clock: Clock) -> Iterator[Finding]:
    try:
        yield Finding("speakers' codec", Health.WELL, opus_version())
    except HustingsError as error:
        yield Finding(
            "speakers' codec", Health.FAULT, str(error), "install libopus (Debian: apt-get install libopus0)"
        )
    for rendition in RENDITIONS:
        try:
            RenditionEncoder(rendition)
        except (HustingsError, ValueError) as error:
            yield Finding(
                f"encoder of {rendition.name}", Health.FAULT, str(error), "run make setup again; PyAV brings it"
            )
        else:
            yield Finding(f"encoder of {rendition.name}", Health.WELL, rendition.codecs)


def check_pages(_settings: Settings, _clock: Clock) -> Iterator[Finding]:
    built = [name for name in ("app.html", "listen.html") if (SITE / name).is_file()]
    if len(built) == 2:
        yield Finding("pages", Health.WELL, "built")
    else:
        yield Finding("pages", Health.FAULT, "not built", "run make setup in the repository")


def check_data(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    folder = settings.data.absolute()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            pass
    except OSError as error:
        cure = f"make it writable for user {os.getuid()}, or choose another with --data"
        yield Finding("data folder", Health.FAULT, f"{folder} cannot be written ({error.strerror})", cure)
        return
    yield Finding("data folder", Health.WELL, f"{folder} is writable")
    free = shutil.disk_usage(there).free // 1_000_000
    told = f"{free / 1000:.1f} GB free, about {free // HOUR} hours of conversation"
    if free < LEAST_FREE:
        yield Finding("disk space", Health.FAULT, told, "delete old recordings, or choose another disk with --data")
    else:
        yield Finding("disk space", Health.WELL, told)


def check_clock(_settings: Settings, clock: Clock) -> Iterator[Finding]:
    installed = Path(__file__).stat().st_mtime
    if clock.now() < installed - 60:
        yield Finding(
            "clock",
            Health.FAULT,
            "the machine's clock is earlier than its own files",
            "set the clock; run an NTP client",
        )
    elif not _is_synchronised():
        yield Finding(
            "clock",
            Health.WARNING,
            "nothing keeps the machine's clock right",
            "run an NTP client such as systemd-timesyncd",
        )
    else:
        yield Finding("clock", Health.WELL, "kept right")


def _is_synchronised() -> bool:
    """Whether a common NTP client has left its mark; containers are trusted, their host keeps the clock."""
    marks = [
        Path("/run/systemd/timesync/synchronized"),
        Path("/run/chrony"),
        Path("/run/ntpd.pid"),
        Path("/var/lib/ntp/drift"),
    ]
    return (
        Path("/.dockerenv").exists()
        or not Path("/run/systemd/system").exists()
        or any(mark.exists() for mark in marks)
    )


def check_files(_settings: Settings, _clock: Clock) -> Iterator[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < OPEN_FILES:
        cure = "raise it: ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit"
        yield Finding("open files", Health.WARNING, f"limited to {hard}, so to about as many listeners", cure)
    else:
        yield Finding("open files", Health.WELL, f"{soft} now, up to {hard}")
