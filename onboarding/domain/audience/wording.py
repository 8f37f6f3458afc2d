"""Texts compared with each other, and texts put into sentences."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A name without case, accents, spaces and punctuation, so that spellings can be compared."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalnum())


def closest(folded: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant; all are folded and begin with the same letter."""
    alike = [name for name in known if name[:1] == folded[:1]]
    return next(iter(difflib.get_close_matches(folded[:60], alike, n=1, cutoff=0.7)), None)


def clip(text: str, length: int) -> str:
    """A text that fits into a sentence: no control characters, at most `length` characters."""
    shown = "".join(char if char.isprintable() else " " for char in text[: length + 1])
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def quoted(text: str, length: int = 40) -> str:
    """A clipped text in quotation marks."""
    return f'"{clip(text, length)}"'


def enumerate_some(items: Sequence[str], most: int = 10) -> str:
    """The first items in one line, and how many more there are."""
    listed = ", ".join(items[:most])
    return f"{listed} and {len(items) - most} more" if len(items) > most else listed
