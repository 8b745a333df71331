"""speech-dispatcher's output module: obeys its commands at once, whatever the daemon does.

Texts go to the mouth, which alone waits for the daemon; this thread only reads, answers, and tells it to stop.
"""

import logging
from collections.abc import Callable

from chatterbox_client.options import Options
from chatterbox_client.readers import ssml
from chatterbox_client.readers.mouth import Mouth, Saying, Speech
from chatterbox_client.readers.prosody import Prosody
from chatterbox_client.readers.speechd import voices
from chatterbox_client.readers.speechd.configuration import Configuration
from chatterbox_client.readers.speechd.report import End, Report
from chatterbox_client.readers.speechd.server_audio import ServerAudioReport
from chatterbox_client.readers.speechd.settings import Settings
from chatterbox_client.readers.speechd.wire import Closed, Wire
from chatterbox_client.readers.wording import Parts, character_parts, has_speech, key_parts, parts_of

log = logging.getLogger(__name__)

VOICES_SECONDS = 0.5  # speech-dispatcher starts its modules one after the other, and waits for each


class Module:
    """One run of the module: the settings in force, and the message being spoken."""

    def __init__(self, wire: Wire, mouth: Mouth, configuration: Configuration) -> None:
        self._wire, self._mouth, self._configuration = wire, mouth, configuration
        self._settings = Settings()
        self._server_plays = False
        self._report: Report | None = None
        self._saying: Saying | None = None
        self._commands: dict[str, Callable[[], None]] = {
            "INIT": lambda: wire.send("299-Chatterbox speaks", "299 OK LOADED SUCCESSFULLY"),
            "AUDIO": self._audio,
            "LOGLEVEL": self._log_level,
            "SET": self._set,
            "SPEAK": lambda: self._message(self._text),
            "CHAR": lambda: self._message(self._character),
            "KEY": lambda: self._message(self._key),
            "SOUND_ICON": lambda: self._message(self._icon),
            "STOP": self._stop,
            "PAUSE": self._pause,
            "LIST VOICES": self._list_voices,
            "DEBUG": lambda: wire.send("200 OK DEBUGGING"),
        }

    def run(self) -> None:
        """Obey until QUIT, or until speech-dispatcher is gone."""
        try:
            while (line := self._wire.read_line().strip()) != "QUIT":
                self._outlive(line)
            self._wire.send("210 OK QUIT")
        except Closed:
            log.info("speech-dispatcher is gone")

    def _outlive(self, line: str) -> None:
        """Obey a command; a mistake of ours must not end the module, which nobody would start again."""
        try:
            self._obey(line)
        except Closed:
            raise
        except Exception:
            log.exception("%.40s could not be obeyed", line)
            self._wire.send("300-see the log of the module", "300 MODULE ERROR")

    def _obey(self, line: str) -> None:
        words = line.split()
        for name in (" ".join(words[:2]), " ".join(words[:1])):
            if name in self._commands:
                self._commands[name]()
                return
        if words:
            self._wire.send("300 ERR UNKNOWN COMMAND")

    def _audio(self) -> None:
        with self._wire.exchange():
            self._wire.send("207 OK RECEIVING AUDIO SETTINGS")
            wants_server = "audio_output_method=server" in self._wire.read_block()
            self._server_plays = wants_server and self._configuration.player == "server"
            if wants_server and not self._server_plays:
                self._wire.send("300-the daemon plays by itself", "300 MODULE ERROR")
            else:
                self._wire.send("203 OK AUDIO INITIALIZED")

    def _log_level(self) -> None:
        with self._wire.exchange():
            self._wire.send("207 OK RECEIVING LOGLEVEL SETTINGS")
            self._wire.read_block()
            self._wire.send("203 OK LOGLEVEL SET")

    def _set(self) -> None:
        with self._wire.exchange():
            self._wire.send("203 OK RECEIVING SETTINGS")
            self._settings = self._settings.changed(self._wire.read_block())
            self._wire.send("203 OK SETTINGS RECEIVED")

    def _list_voices(self) -> None:
        self._wire.send(*voices.lines(self._mouth.voices(VOICES_SECONDS)), "200 OK VOICE LIST SENT")

    def _message(self, make: Callable[[str], Speech]) -> None:
        """Take a message and have it said. It gets its events whatever happens: without, its client hangs."""
        with self._wire.exchange():
            self._wire.send("202 OK RECEIVING MESSAGE")
            message = "\n".join(self._wire.read_block())
            self._wire.send("200 OK SPEAKING")
        report = self._begin_report()
        try:
            speech = make(message)
        except Exception:
            log.exception("a message of %d characters cannot be said", len(message))
            report.close(End.STOPPED)
            return
        if has_speech(speech.parts):
            self._saying = self._mouth.say(speech, report)
            return
        for part in speech.parts:
            if "mark" in part:
                report.mark(part["mark"])
        report.end(is_complete=True)

    def _begin_report(self) -> Report:
        """The report of a new message. The last one may still be rendered, if it was paused between sentences."""
        if self._saying is not None:
            self._saying.stop()
        self._saying = None
        self._report = ServerAudioReport(self._wire) if self._server_plays else Report(self._wire)
        return self._report

    def _text(self, message: str) -> Speech:
        return self._speech(parts_of(ssml.parse(message, self._prosody()), self._settings.wording))

    def _character(self, message: str) -> Speech:
        character = " " if message in ("space", "") else message
        return self._speech(character_parts(character, self._prosody(), self._settings.wording))

    def _key(self, message: str) -> Speech:
        return self._speech(key_parts(message.strip(), self._prosody(), self._settings.wording))

    def _icon(self, message: str) -> Speech:
        name = message.replace("-", " ").replace("_", " ")
        return self._speech(parts_of([ssml.Text(name, self._prosody())], self._settings.wording))

    def _prosody(self) -> Prosody:
        return self._settings.prosody.changed(pitch=self._choice().semitones)

    def _speech(self, parts: Parts) -> Speech:
        """Leaves to the daemon which engine says it, unless the configuration names one."""
        engine = None if self._configuration.engine == "auto" else self._configuration.engine
        options = Options(voice=self._choice().name, language=self._settings.language, engine=engine)
        return Speech(parts, options, returns_samples=self._server_plays)

    def _choice(self) -> voices.Choice:
        """The voice named, else the one for the type of voice."""
        settings = self._settings
        if settings.voice not in (None, voices.USUAL):
            return voices.Choice(settings.voice)
        return voices.choose(settings.voice_type, settings.language, self._mouth.known_voices)

    def _stop(self) -> None:
        self._end(End.STOPPED)

    def _pause(self) -> None:
        if isinstance(self._report, ServerAudioReport):
            self._report.pause()
        else:
            self._end(End.PAUSED)

    def _end(self, end: End) -> None:
        """Tell the end at once, and the daemon to stop; what it still says of the message is not passed on."""
        if self._report is not None:
            self._report.close(end)
        if self._saying is not None:
            self._saying.stop()
