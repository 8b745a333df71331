"""The one door to espeak-ng: text in, samples and places in the text out, through its C library.

The library keeps global state, so a process has at most one of these, used by one thread.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from chatterbox_daemon.worker.engine import EngineError

_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_CHARS_UTF8 = 1
_WORD_EVENT = 1
BUFFER_MILLISECONDS = 30
MISSING = "the built-in voice needs espeak-ng: pip install espeakng-loader"


class Parameter(IntEnum):
    """What can be set, with espeak's own numbers and units."""

    RATE = 1  # words a minute, 80 to 900
    VOLUME = 2  # 0 to 200, 100 is normal
    PITCH = 3  # 0 to 100, 50 is normal: an octave each way


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))

# Gets the next samples (s16 bytes) and the places in the text that they reach, as (sample, character); returns
# whether to go on. Places are hints: each word of a number or of an emoji's name has one, some words of the text
# have none, and some places are on the space or the dash before the word.
Sink = Callable[[bytes, list[tuple[int, int]]], bool]


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """A voice as espeak lists it; `identifier` is what it is chosen by."""

    description: str
    language: str
    identifier: str
    gender: str


class Espeak:
    """The loaded library. Raises EngineError when it is not installed or cannot start."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ModuleNotFoundError as error:
            raise EngineError(MISSING, "unavailable") from error
        try:
            self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise EngineError(f"espeak-ng cannot be loaded ({error}); {MISSING}", "unavailable") from error
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._library.espeak_Char.argtypes = [ctypes.c_wchar]
        folder = espeakng_loader.get_data_path().encode()
        self.rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, BUFFER_MILLISECONDS, folder, _DO_NOT_EXIT)
        if self.rate_hz <= 0:
            raise EngineError(f"espeak-ng does not start with its data in {folder.decode()}", "unavailable")
        self._sink: Sink | None = None
        self._callback = _Callback(self._received)  # kept: the library holds only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def voices(self) -> list[EspeakVoice]:
        """Every voice the data holds, in espeak's order."""
        listed, found = self._library.espeak_ListVoices(None), []
        for voice in _pointed_to(listed):
            language = ctypes.string_at(voice.languages + 1).decode()  # behind a byte of priority
            gender = {1: "male", 2: "female"}.get(voice.gender, "")
            found.append(EspeakVoice(voice.name.decode(), language, voice.identifier.decode(), gender))
        return found

    def use_voice(self, identifier: str) -> None:
        """Speak with this voice from now on. Raises EngineError for one that is not there."""
        if self._library.espeak_SetVoiceByName(identifier.encode()) != 0:
            raise EngineError(f"espeak-ng has no voice {identifier!r}", "not_found")

    def set(self, parameter: Parameter, value: int) -> None:
        """Set a parameter from now on."""
        self._library.espeak_SetParameter(int(parameter), value, 0)

    def speak(self, text: str, sink: Sink) -> None:
        """Speak a text without lone surrogates; NUL would end it."""
        data = text.encode() + b"\0"
        self._run(sink, lambda: self._library.espeak_Synth(data, len(data), 0, 1, 0, _CHARS_UTF8, None, None))

    def speak_character(self, character: str, sink: Sink) -> None:
        """Speak one character by its name."""
        self._run(sink, lambda: self._library.espeak_Char(character))

    def _run(self, sink: Sink, call: Callable[[], int]) -> None:
        self._sink = sink
        try:
            if call() != 0:
                raise EngineError("espeak-ng refused the text")
        finally:
            self._sink = None

    def _received(self, wave: object, num_samples: int, events: "ctypes._Pointer[_Event]") -> int:
        if self._sink is None:
            return 1
        places = []
        index = 0
        while (event := events[index]).type != 0:
            if event.type == _WORD_EVENT:
                places.append((event.sample, event.text_position - 1))
            index += 1
        samples = ctypes.string_at(wave, 2 * num_samples) if wave and num_samples > 0 else b""  # type: ignore[arg-type]
        return 0 if self._sink(samples, places) else 1


def _pointed_to(pointers: "ctypes._Pointer[ctypes._Pointer[_Voice]]") -> list[_Voice]:
    """The structures of a list that ends in a null pointer."""
    found: list[_Voice] = []
    while pointers[len(found)]:
        found.append(pointers[len(found)].contents)
    return found
