"""Audio file formats: their names, their extensions, and the data formats each can hold."""

import re
from dataclasses import dataclass
from pathlib import Path

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_client.cli.exits import USAGE, Failure


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format: macOS's name for it, its extensions, libsndfile's names for it and for its usual data."""

    name: str
    extensions: tuple[str, ...]
    container: str
    data: str
    description: str


FORMATS = (
    FileFormat("WAVE", (".wav", ".wave"), "WAV", "PCM_16", "16-bit PCM, the default"),
    FileFormat("AIFF", (".aiff", ".aif"), "AIFF", "PCM_16", "16-bit PCM"),
    FileFormat("caff", (".caf",), "CAF", "PCM_16", "16-bit PCM"),
    FileFormat("FLAC", (".flac",), "FLAC", "PCM_16", "lossless"),
    FileFormat("OGG", (".ogg", ".oga"), "OGG", "VORBIS", "Vorbis"),
    FileFormat("OPUS", (".opus",), "OGG", "OPUS", "Opus"),
    FileFormat("MP3", (".mp3",), "MP3", "MPEG_LAYER_III", "MP3"),
)
_SUBTYPES = {
    ("I", 8): "PCM_S8",
    ("UI", 8): "PCM_U8",
    ("I", 16): "PCM_16",
    ("I", 24): "PCM_24",
    ("I", 32): "PCM_32",
    ("F", 32): "FLOAT",
    ("F", 64): "DOUBLE",
}
_OWN_ORDER = {"WAV": "LITTLE", "AIFF": "BIG"}  # named, libsndfile would choose a lesser-known form of the format
_DATA_FORMAT = re.compile(r"(BE|LE)?(F|I|UI)(8|16|24|32|64)(?:@(\d+))?(?:/[0-9A-Fa-f]+)?")
_RATE_ONLY = re.compile(r"@(\d+)")
MIN_RATE_HZ, MAX_RATE_HZ = 1_000, 384_000


@dataclass(frozen=True, slots=True)
class Encoding:
    """How samples are written: libsndfile's names, and what must be done to the samples before."""

    container: str = "WAV"
    data: str = "PCM_16"
    endian: str = "FILE"
    rate_hz: int = SAMPLE_RATE_HZ
    num_channels: int = 1

    @property
    def is_plain(self) -> bool:
        """Whether it is a wav file of our own samples, which needs no library."""
        return self == Encoding()


def choose(path: Path, file_format: str | None, data_format: str | None, num_channels: int) -> Encoding:
    """The encoding for a file, from what was asked or else from its extension; wav where that says nothing.

    Raises Failure naming what there is.
    """
    chosen = _by_name(file_format) if file_format else _by_extension(path)
    data, endian, rate_hz = chosen.data, "FILE", SAMPLE_RATE_HZ
    if data_format:
        named_data, endian, rate_hz = _parse_data_format(data_format)
        data = named_data or chosen.data
        endian = "FILE" if endian == _OWN_ORDER.get(chosen.container) else endian
    encoding = Encoding(chosen.container, data, endian, rate_hz, num_channels)
    if not encoding.is_plain:
        _check(encoding, chosen, data_format)
    return encoding


def _by_name(name: str) -> FileFormat:
    for one in FORMATS:
        if name.lower() in (one.name.lower(), one.container.lower(), *(e[1:] for e in one.extensions)):
            return one
    raise Failure(USAGE, f"unknown file format {name!r}; say --file-format '?' lists them")


def _by_extension(path: Path) -> FileFormat:
    extension = path.suffix.lower()
    if not extension:
        return FORMATS[0]
    for one in FORMATS:
        if extension in one.extensions:
            return one
    known = " ".join(extension for one in FORMATS for extension in one.extensions)
    raise Failure(USAGE, f"the extension {extension!r} names no format known here; known are {known}")


def _parse_data_format(text: str) -> tuple[str | None, str, int]:
    """(libsndfile's name or None, byte order, rate) of `LEI16@22050` and the like."""
    rate_only = _RATE_ONLY.fullmatch(text)
    if rate_only:
        return None, "FILE", _checked_rate(rate_only[1])
    match = _DATA_FORMAT.fullmatch(text)
    if match is None:
        raise Failure(USAGE, f"unknown data format {text!r}; say --data-format '?' lists them")
    order, kind, bits, rate = match.groups()
    data = _SUBTYPES.get((kind, int(bits)))
    if data is None:
        raise Failure(USAGE, f"{kind}{bits} cannot be written; say --data-format '?' lists what can")
    return (
        data,
        {"BE": "BIG", "LE": "LITTLE", None: "FILE"}[order],
        _checked_rate(rate) if rate else SAMPLE_RATE_HZ,
    )


def _checked_rate(text: str) -> int:
    rate_hz = int(text)
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise Failure(USAGE, f"a rate must lie between {MIN_RATE_HZ} and {MAX_RATE_HZ} Hz; {rate_hz} was given")
    return rate_hz


def _check(encoding: Encoding, chosen: FileFormat, data_format: str | None) -> None:
    from chatterbox_client.cli.soundfiles import can_write

    if not can_write(encoding):
        raise Failure(
            USAGE, f"{chosen.name} cannot hold {data_format or chosen.data}; say --data-format '?' lists what can"
        )


def file_format_lines() -> list[str]:
    """What `--file-format '?'` prints."""
    return [f"{one.name:6} {one.description:26} ({','.join(one.extensions)})" for one in FORMATS]


def data_format_lines() -> list[str]:
    """What `--data-format '?'` prints."""
    return [
        *(f"{order}{kind}{bits}" for (kind, bits) in _SUBTYPES for order in ("LE", "BE")),
        "any of these, or nothing, with @RATE (such as LEI16@22050 or @16000)",
    ]
