"""What `'?'` lists: voices, devices, formats."""

from chatterbox_client import Client
from chatterbox_client.cli.formats import data_format_lines, file_format_lines

SAMPLES = {
    "ar": "مرحبا، هذا صوتي.",
    "da": "Hej, det er min stemme.",
    "de": "Hallo, das ist meine Stimme.",
    "el": "Γεια σας, αυτή είναι η φωνή μου.",
    "en": "Hello, this is my voice.",
    "es": "Hola, esta es mi voz.",
    "fi": "Hei, tämä on minun ääneni.",
    "fr": "Bonjour, voici ma voix.",
    "he": "שלום, זה הקול שלי.",
    "hi": "नमस्ते, यह मेरी आवाज़ है।",
    "it": "Ciao, questa è la mia voce.",
    "ja": "こんにちは、これが私の声です。",
    "ko": "안녕하세요, 제 목소리입니다.",
    "nl": "Hallo, dit is mijn stem.",
    "pl": "Cześć, to jest mój głos.",
    "pt": "Olá, esta é a minha voz.",
    "ru": "Здравствуйте, это мой голос.",
    "sv": "Hej, det här är min röst.",
    "tr": "Merhaba, bu benim sesim.",
    "zh": "你好，这是我的声音。",
}


def voice_lines(client: Client) -> list[str]:
    """macOS's columns, which scripts read: name, language_REGION, a sentence behind `#`."""
    lines = []
    for voice in client.voices():
        language = voice["language"]
        sample = SAMPLES.get(language.partition("-")[0], voice["description"])
        lines.append(f"{voice['name']:19} {_locale(language):8}# {sample}")
    return lines


def device_lines(client: Client) -> list[str]:
    """Index and name of each output device; the default one is marked."""
    devices = client.devices()
    if not devices:
        return ["no output device was found"]
    return [
        f"{device['index']:5} {device['name']}{' (default)' if device['is_default'] else ''}" for device in devices
    ]


def format_lines(option: str) -> list[str]:
    """The formats `--file-format` or `--data-format` takes."""
    return file_format_lines() if option == "--file-format" else data_format_lines()


def _locale(language: str) -> str:
    base, _, region = language.partition("-")
    return f"{base}_{region.upper()}" if region else base
