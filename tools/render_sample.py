"""Renders the sample's dialogue to the two recordings shipped in src/hustings/sample: one voice each, equally long.

Needs Debian's `flite`, whose voices slt and rms may be used and passed on freely. Each file is silent while the
other voice talks, so that playing both at once gives the conversation.
Run it with `.venv/bin/python tools/render_sample.py`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

RATE = 48_000  # Hz
SPEECH_RMS = 10 ** (-18 / 20)  # full scale 1, over what is spoken
PEAK = 10 ** (-1.5 / 20)
PAUSE = 0.45  # seconds between two lines
LAST_PAUSE = 2.0  # seconds before the loop begins again
BIT_RATE = 40_000
VOICES = {"Ada": ("slt", 1.04), "Ben": ("rms", 0.98)}  # flite voice, stretch
FOLDER = Path(__file__).parent.parent / "src" / "hustings" / "sample"

Samples = npt.NDArray[np.float32]


def decode(path: Path) -> Samples:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)


def spoken(samples: Samples) -> Samples:
    """The samples of the 20 ms blocks that are no pause."""
    blocks = samples[: len(samples) // 960 * 960].reshape(-1, 960)
    loud = np.sqrt(np.mean(blocks**2, axis=1)) > 0.01
    return np.asarray(blocks[loud].ravel(), np.float32)


def speak(line: str, voice: str, stretch: float) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-t", line, "-o", str(path)]
        subprocess.run(command, check=True)
        samples = decode(path)
    loudness = float(np.sqrt(np.mean(spoken(samples) ** 2)))
    levelled = samples * (SPEECH_RMS / loudness)
    return np.asarray(np.clip(levelled, -PEAK, PEAK), np.float32)


def timeline(lines: list[tuple[str, str]]) -> dict[str, Samples]:
    tracks: dict[str, list[Samples]] = {name: [] for name in VOICES}
    for number, (speaker, words) in enumerate(lines, 1):
        pause = LAST_PAUSE if number == len(lines) else PAUSE
        said = np.concatenate([speak(words, *VOICES[speaker]), np.zeros(int(pause * RATE), np.float32)])
        for name, track in tracks.items():
            track.append(said if name == speaker else np.zeros_like(said))
    return {name: np.concatenate(track) for name, track in tracks.items()}


def encode(samples: Samples, path: Path) -> None:
    whole = np.pad(samples, (0, -len(samples) % 960))
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono", options={"application": "voip"})
        stream.bit_rate = BIT_RATE
        for start in range(0, len(whole), 960):
            frame = av.AudioFrame.from_ndarray(whole[None, start : start + 960], format="flt", layout="mono")
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> int:
    text = (FOLDER / "dialogue.txt").read_text()
    lines = [(speaker, words) for speaker, words in (line.split(": ", 1) for line in text.splitlines() if line)]
    for name, samples in timeline(lines).items():
        path = FOLDER / f"{name.lower()}.opus"
        encode(samples, path)
        sys.stdout.write(f"{path.name}: {len(samples) / RATE:.1f} s, {path.stat().st_size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
