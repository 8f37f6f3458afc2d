"""One cell: the text in it, what stands for nothing, and what no message may contain."""

import datetime as dt
import re
from collections.abc import Iterable

from onboarding.domain.audience.rows import Cell
from onboarding.domain.audience.wording import quoted
from onboarding.errors import BadInput

MAX_CELL = 4_000
MAX_TEXT = 256  # displayName of a Graph user: https://learn.microsoft.com/graph/api/resources/user

EMPTY = frozenset({"", "-", "–", "—", "n/a", "n.a."})
EXCEL_ERROR = re.compile(
    r"#(?:N/A|NV|REF!|BEZUG!|VALUE!|WERT!|DIV/0!|NAME\?|NULL!|NUM!|ZAHL!|SPILL!|CALC!|FIELD!|BUSY!)",
    re.IGNORECASE,
)
# Control characters, and those that turn the direction of the text around them.
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
INVISIBLE = "\u00ad\u200b\u2060\ufeff"
# UTF-8 that some program before us read as Windows-1252: "MÃ¼ller", "Oâ€™Brien".
BROKEN_LETTERS = re.compile("Ã[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|\ufffd")
TEXT_FORMULA = re.compile(r'="([^"]*)"')


def as_text(cell: Cell) -> str:
    """What the cell shows; a day as YYYY-MM-DD."""
    if not isinstance(cell, dt.date):
        return cell or ""
    if isinstance(cell, dt.datetime) and cell.time() != dt.time():
        return cell.isoformat(" ", "minutes")
    return cell.isoformat()[:10]


def is_blank(cells: Iterable[Cell]) -> bool:
    """Whether nothing can be seen in any of the cells."""
    return not any(as_text(cell).strip().strip(INVISIBLE) for cell in cells if cell)


def clean(cell: Cell) -> str:
    """A cell as text without the blanks around it; "" when it stands for nothing.

    Raises BadInput for what no message may contain: Excel's error values, control characters,
    letters broken by a wrong encoding, more than 4,000 characters.
    """
    text = as_text(cell).strip().strip(INVISIBLE).strip()
    if text.lower() in EMPTY:
        return ""
    if len(text) > MAX_CELL:
        raise BadInput(
            f"The cell holds more than {MAX_CELL:,} characters.",
            "Shorten it; perhaps a quotation mark is missing here.",
        )
    if text[0] in "#='":
        text = _unwrap(text)
    if not text.isascii() or not text.isprintable():
        _refuse_broken(text)
    return text


def read_text(text: str) -> str:
    """A name, title or place in one line. Raises BadInput above 256 characters."""
    text = " ".join(text.split())
    if len(text) > MAX_TEXT:
        raise BadInput(
            f"The text is longer than {MAX_TEXT} characters.",
            "Shorten it, or put long texts into a column whose name starts with x_.",
        )
    return text


def _unwrap(text: str) -> str:
    """What is meant by ="00123" and by '+49; an error value such as #REF! is refused."""
    if EXCEL_ERROR.fullmatch(text):
        raise BadInput(
            f"The cell shows Excel's error {text}.", "Mend the formula, or write the value itself."
        )
    if text[0] == "'":
        return text[1:] if text[1:2] in tuple("=+-@") else text
    written = TEXT_FORMULA.fullmatch(text)
    return written[1].strip() if written else text


def _refuse_broken(text: str) -> None:
    if UNPRINTABLE.search(text):
        raise BadInput(
            "The cell holds an invisible control character.",
            "Delete the cell's content and type it again instead of pasting it.",
        )
    if BROKEN_LETTERS.search(text):
        raise BadInput(
            f"The letters of {quoted(text)} are broken.",
            'Export the file again and save it as "CSV UTF-8" or as an Excel workbook.',
        )
