"""The languages that Emacspeak can switch between: those of the daemon's voices, in the order of their tags."""

from collections.abc import Callable

from chatterbox_client.readers.mouth import Mouth

Set = Callable[[str], None]
Say = Callable[[str], None]

_YES = "t"  # Lisp's


class Languages:
    """The language in force. A language may have other names, which `set_preferred_lang` gives it."""

    def __init__(self, mouth: Mouth, use: Set, say: Say) -> None:
        self._mouth, self._use, self._say = mouth, use, say
        self._current = ""
        self._other_names: dict[str, str] = {}
        self.commands: dict[str, Callable[[str], None]] = {
            "set_lang": self._set,
            "set_next_lang": lambda say_it: self._move(1, say_it),
            "set_previous_lang": lambda say_it: self._move(-1, say_it),
            "set_preferred_lang": self._prefer,
            "list_lang": lambda _: say(", ".join(self._names().values())),
        }

    def _names(self) -> dict[str, str]:
        """Tags and what they are called."""
        names = {
            voice["language"]: voice["description"] for voice in self._mouth.known_voices if voice["language"]
        }
        return dict(sorted(names.items()))

    def _set(self, argument: str) -> None:
        words = argument.split()
        if words:
            tag = words[0].replace("_", "-").lower()
            self._switch(self._other_names.get(tag, tag), words[-1])

    def _move(self, step: int, say_it: str) -> None:
        tags = list(self._names())
        if tags:
            place = tags.index(self._current) + step if self._current in tags else 0
            self._switch(tags[place % len(tags)], say_it)

    def _prefer(self, argument: str) -> None:
        words = argument.replace("_", "-").lower().split()
        if len(words) == 2:
            self._other_names[words[0]] = words[1]

    def _switch(self, tag: str, say_it: str) -> None:
        self._current = tag
        self._use(tag)
        if say_it == _YES:
            self._say(self._names().get(tag, tag))
