"""What a person meant by what they wrote, in the languages that the bot speaks."""

import re
import unicodedata
from enum import StrEnum


class Command(StrEnum):
    """What somebody can ask of the bot."""

    HELP = "help"
    WELCOME = "welcome"
    STOP = "stop"
    START = "start"
    WHO = "who"
    NEW_CONVERSATION = "newconversation"
    UNKNOWN = "unknown"


_WORDS: dict[Command, tuple[str, ...]] = {
    Command.HELP: (
        "help", "hilfe", "ayuda", "hi", "hello", "hey", "hallo", "hola", "moin", "servus",
        "commands", "befehle", "comandos", "what can you do", "was kannst du",
        "que puedes hacer", "menu",
    ),
    Command.WELCOME: (
        "welcome", "my welcome", "show my welcome", "show welcome", "willkommen", "begrussung",
        "meine begrussung", "bienvenida", "mi bienvenida", "bienvenido",
    ),
    Command.STOP: (
        "stop", "stopp", "unsubscribe", "opt out", "abmelden", "abbestellen", "aufhoren", "parar",
        "para", "detener", "alto", "basta", "cancelar suscripcion", "quit",
    ),
    Command.START: (
        "start", "subscribe", "opt in", "anmelden", "starten", "empezar", "iniciar", "comenzar",
        "suscribirme", "resume",
    ),
    Command.WHO: (
        "who are you", "who is this", "who", "what are you", "wer bist du", "wer ist das", "wer",
        "was bist du", "quien eres", "quien es", "quien", "que eres", "are you a bot",
        "bist du ein bot", "eres un bot", "about",
    ),
}  # fmt: skip
_MEANING = {word: command for command, words in _WORDS.items() for word in words}


def understand(text: str) -> tuple[Command, str]:
    """The command and what follows it. Case, accents, punctuation and blanks do not matter.

    Only `newconversation` takes a rest (the topic); any other text is meant as a whole.
    """
    words = text.strip().split(maxsplit=1)
    if words and _plain(words[0]) == Command.NEW_CONVERSATION:
        return Command.NEW_CONVERSATION, words[1].strip() if len(words) > 1 else ""
    return _MEANING.get(_plain(text), Command.UNKNOWN), ""


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]", " ", letters).replace("_", " ").split())
