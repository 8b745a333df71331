"""Audio files: each format can be read back, and a file is there whole or not at all."""

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chatterbox_client.cli.exits import CANNOT_CREATE, CANNOT_WRITE, USAGE, Failure
from chatterbox_client.cli.formats import FORMATS, choose
from chatterbox_client.cli.writing import new_file

SAMPLES = (np.sin(np.arange(24_000) / 10) * 10_000).astype("<i2").tobytes()


def write(path: Path, file_format: str | None = None, data_format: str | None = None, channels: int = 1) -> None:
    with new_file(path, choose(path, file_format, data_format, channels)) as encoder:
        for start in range(0, len(SAMPLES), 5_000):
            encoder.write(SAMPLES[start : start + 5_000])


@pytest.mark.parametrize("extension", [extension for one in FORMATS for extension in one.extensions])
def test_each_extension_makes_a_file_of_its_format(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"speech{extension}"
    write(path)
    info = soundfile.info(path)
    chosen = next(one for one in FORMATS if extension in one.extensions)
    assert (info.format, info.subtype, info.channels) == (chosen.container, chosen.data, 1)
    assert info.duration == pytest.approx(1.0, abs=0.1)


def test_a_plain_wav_is_written_sample_for_sample_by_the_standard_library(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.readframes(24_000) == SAMPLES


def test_a_file_without_an_extension_is_a_wav(tmp_path: Path) -> None:
    write(tmp_path / "speech")
    assert soundfile.info(tmp_path / "speech").format == "WAV"


@pytest.mark.parametrize(
    ("data_format", "subtype", "rate"),
    [
        ("LEI16@22050", "PCM_16", 22_050),
        ("LEF32", "FLOAT", 24_000),
        ("UI8", "PCM_U8", 24_000),
        ("@8000", "PCM_16", 8_000),
    ],
)
def test_a_data_format_is_followed(tmp_path: Path, data_format: str, subtype: str, rate: int) -> None:
    write(tmp_path / "a.wav", data_format=data_format, channels=2)
    info = soundfile.info(tmp_path / "a.wav")
    assert (info.subtype, info.samplerate, info.channels) == (subtype, rate, 2)
    assert info.duration == pytest.approx(1.0, abs=0.01)
    left, right = soundfile.read(tmp_path / "a.wav")[0].T
    assert np.array_equal(left, right)


def test_aiff_with_its_own_byte_order_named_is_still_plain_aiff(tmp_path: Path) -> None:
    write(tmp_path / "a.aiff", data_format="BEI16")
    assert (tmp_path / "a.aiff").read_bytes()[8:12] == b"AIFF"


@pytest.mark.parametrize(
    ("name", "file_format", "data_format", "complaint"),
    [
        ("a.xyz", None, None, "names no format known here; known are .wav"),
        ("a.wav", "tape", None, "unknown file format 'tape'"),
        ("a.wav", None, "LEI12", "unknown data format 'LEI12'"),
        ("a.wav", None, "F16", "F16 cannot be written"),
        ("a.wav", None, "I16@5", "between 1000 and 384000 Hz"),
        ("a.mp3", None, "LEI16", "MP3 cannot hold LEI16"),
        ("a.wav", None, "aac", "unknown data format 'aac'"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_spoken(
    name: str, file_format: str | None, data_format: str | None, complaint: str
) -> None:
    with pytest.raises(Failure, match=complaint) as failure:
        choose(Path(name), file_format, data_format, 1)
    assert failure.value.code == USAGE


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_failed_run_leaves_no_file_and_spares_an_old_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"old")
    path = tmp_path / name
    with pytest.raises(KeyboardInterrupt), new_file(path, choose(path, None, None, 1)) as encoder:
        encoder.write(SAMPLES)
        raise KeyboardInterrupt
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [(name, b"old")]


def test_a_place_that_is_none_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "a.wav", tmp_path):
        with pytest.raises(Failure, match=str(path.parent)) as failure:
            write(path, file_format="WAVE")
        assert failure.value.code == CANNOT_CREATE


@pytest.mark.parametrize("data_format", [None, "LEI24"])
def test_a_full_disk_is_a_write_error(data_format: str | None) -> None:
    with pytest.raises(Failure, match="/dev/full cannot be written") as failure:
        write(Path("/dev/full"), file_format="WAVE", data_format=data_format)
    assert failure.value.code == CANNOT_WRITE
