"""What the broadcast costs and how it sounds: CPU seconds per second and PESQ of every rendition, packaging, replay.

`python bench/broadcast.py [--hour]` prints one line of JSON per figure. Voices: the sample's two, or espeak-ng's
where it is installed.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pesq import pesq
from scipy.signal import correlate, resample_poly

import hustings.sample
from hustings.base.grid import PART, PART_SECONDS, SAMPLE_RATE
from hustings.broadcast.decode import read_audio
from hustings.broadcast.disk import Reserve
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.manifest import Manifest, Take
from hustings.broadcast.packager import Packager
from hustings.broadcast.replay_files import make_replay
from hustings.broadcast.take import CHUNK, TakeWriter
from hustings.hls.renditions import RENDITIONS, Rendition

Wave = npt.NDArray[np.float32]
TEXT = (
    "Good evening and welcome. Tonight we talk about how a town listens to itself when everybody wants in at "
    "once. Which questions would you put to the people who run the square, and what would you change first?"
)


def whole_parts(samples: Wave) -> Wave:
    return samples[: samples.size // PART * PART]


def voices(folder: Path) -> dict[str, Wave]:
    """Speech at about -20 dBFS, by name."""
    found: dict[str, Wave] = {}
    if espeak := shutil.which("espeak-ng"):
        for voice in ("en-gb", "en-us+f3", "de"):
            path = folder / f"{voice}.wav"
            subprocess.run([espeak, "-v", voice, "-s", "150", "-w", str(path), TEXT], check=True)
            found[f"espeak {voice}"] = np.concatenate(list(read_audio(path)))
    for name in ("ada", "ben"):
        path = Path(hustings.sample.__path__[0]) / f"{name}.opus"
        found[name] = np.concatenate(list(read_audio(path)))[: 20 * SAMPLE_RATE]
    return {name: whole_parts(wave * (0.1 / np.sqrt(np.mean(wave**2)))) for name, wave in found.items()}


def through(rendition: Rendition, wave: Wave) -> tuple[Wave, float, float]:
    """What a listener hears, CPU seconds per second, and bit/s on the wire."""
    encoder, packager = RenditionEncoder(rendition), Packager(rendition)
    begun = time.process_time()
    parts = [packager.part(number, encoder.encode(part)) for number, part in enumerate(wave.reshape(-1, PART))]
    spent = time.process_time() - begun
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(packager.init + b"".join(parts))
        file.flush()
        heard = np.concatenate(list(read_audio(Path(file.name))))
    seconds = len(parts) * PART_SECONDS
    return heard, spent / seconds, sum(map(len, parts)) * 8 / seconds


def score(reference: Wave, heard: Wave) -> float:
    """Wide-band PESQ after aligning by cross-correlation."""
    lag = int(np.argmax(correlate(heard[: 4 * SAMPLE_RATE], reference[: 4 * SAMPLE_RATE], method="fft")))
    lag -= min(reference.size, 4 * SAMPLE_RATE) - 1
    heard = heard[max(0, lag) :]
    length = min(reference.size, heard.size)
    narrow = [resample_poly(wave[:length], 1, 3) for wave in (reference, heard)]
    return float(pesq(16_000, narrow[0], narrow[1], "wb"))


def show(**figures: object) -> None:
    print(json.dumps(figures))


def renditions(folder: Path) -> None:
    for rendition in RENDITIONS:
        scores = {}
        for name, wave in voices(folder).items():
            heard, cpu, rate = through(rendition, wave)
            scores[name] = round(score(wave, heard), 2)
        show(
            rendition=rendition.name,
            pesq=scores,
            lowest=min(scores.values()),
            cpu_per_second=round(cpu, 5),
            wire_bit_s=round(rate),
        )


def recording(folder: Path, seconds: int) -> None:
    """Record `seconds` of speech as fast as it goes, then make its replay."""
    speech = voices(folder)["ada"]
    take = Take(1, 0, 0.0)
    writer = TakeWriter(folder, take, Reserve(folder, 0))
    chunks = np.resize(speech, (speech.size // CHUNK, CHUNK))
    begun = time.process_time()
    for index in range(seconds * SAMPLE_RATE // CHUNK):
        writer.write(chunks[index % len(chunks)], ())
    writer.close()
    spent = time.process_time() - begun
    manifest = Manifest("bench", [take], ended=True)
    with ThreadPoolExecutor(1) as pool:
        wall = time.perf_counter()
        made = pool.submit(make_replay, folder, manifest, trim_start=True).result()
        wall = time.perf_counter() - wall
    assert made is not None
    show(
        recording_seconds=seconds,
        recorder_cpu_per_second=round(spent / seconds, 5),
        replay_ready_seconds=round(wall, 2),
        replay_duration=made.duration,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hour", action="store_true", help="record and finish an hour instead of five minutes")
    hour = parser.parse_args().hour
    with tempfile.TemporaryDirectory() as name:
        renditions(Path(name))
        recording(Path(name), 3600 if hour else 300)


if __name__ == "__main__":
    main()
