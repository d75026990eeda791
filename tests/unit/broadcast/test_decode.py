import wave
from pathlib import Path

import av
import numpy as np
import pytest

from hustings.broadcast.decode import AudioUnreadable, decode_audio

LONGEST = 10 * 48_000  # samples


def write_wav(path: Path, seconds: float, rate: int = 44_100, channels: int = 2) -> Path:
    time = np.arange(int(seconds * rate)) / rate
    one = (8000 * np.sin(2 * np.pi * 440 * time)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(one, channels).tobytes())
    return path


def test_any_rate_and_channels_become_mono_at_48_khz(tmp_path: Path) -> None:
    samples = decode_audio(write_wav(tmp_path / "music.wav", 2.0), LONGEST)

    assert samples.dtype == np.float32
    assert abs(samples.size - 96_000) < 100
    loudest = np.argmax(np.abs(np.fft.rfft(samples[:48_000])))
    assert loudest == 440


def test_a_file_that_is_no_audio_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("these are notes")

    with pytest.raises(AudioUnreadable, match="could not be read"):
        decode_audio(path, LONGEST)


def test_a_file_that_is_not_there_is_refused_alike(tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable):
        decode_audio(tmp_path / "nothing.wav", LONGEST)


def test_no_more_of_a_long_file_is_decoded_than_is_kept(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "long.wav", 3.0)

    assert decode_audio(path, 5 * 48_000).size == 3 * 48_000
    assert np.array_equal(decode_audio(path, 50_000), decode_audio(path, 5 * 48_000)[:50_000])


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat", "list.sdp", "list.wav"])
def test_a_list_of_other_files_is_not_followed(tmp_path: Path, name: str) -> None:
    secret = write_wav(tmp_path / "secret.wav", 1.0)
    texts = {
        ".m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        ".ffconcat": f"ffconcat version 1.0\nfile {secret.name}\n",
        ".sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        ".wav": f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
    }
    path = tmp_path / name
    path.write_text(texts[path.suffix])

    with pytest.raises(AudioUnreadable):
        decode_audio(path, LONGEST)


def test_ffmpeg_by_itself_would_follow_such_a_list(tmp_path: Path) -> None:
    secret = write_wav(tmp_path / "secret.wav", 1.0)
    path = tmp_path / "list.ffconcat"
    path.write_text(f"ffconcat version 1.0\nfile {secret.name}\n")

    with av.open(str(path)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 44_100
