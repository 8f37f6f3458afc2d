"""CSV in any usual dress: its encoding, its separator, its quotation marks."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from functools import partial

from onboarding.domain.audience import Cell
from onboarding.errors import BadInput
from onboarding.inbound.people_file.table import SAVE_AS, Limits, Table, make_table

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SEPARATORS = ",;\t|"
NOTHING = codecs.BOM_UTF8 + b" \r\n,;\t|"
MAX_RECORD = 1_000_000
SAMPLE_CHARACTERS = 100_000
SAMPLE_RECORDS = 50
UTF_8_IN_WINDOWS = re.compile(rb"\xc3[\x80-\xbf]|\xe2\x80[\x80-\xbf]")


def read_csv(content: bytes, limits: Limits) -> Table:
    """A text file as a table. Raises BadInput unless all of it can be read without a guess."""
    encoding = _find_encoding(content)
    separator, declared = _find_separator(content, encoding)
    notes = []
    if encoding == "cp1252":
        notes.append(
            "The file is not Unicode; its letters were read as Western European (Windows-1252)."
            " Check the names."
        )
    begin = partial(_records, content, encoding, separator, declared, limits)
    return make_table(begin, limits, notes, separator)


def _find_encoding(content: bytes) -> str:
    """The encoding of the whole file; one that fits only in part is refused, never guessed at."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _unreadable_letters()
    if content.startswith(UTF_16):
        encoding = "utf-16"
    elif b"\x00" in content:
        line = content.count(b"\n", 0, content.index(b"\x00")) + 1
        raise BadInput(f"Line {line} holds a NUL character; this is not plain text.", SAVE_AS)
    elif _decodes(content, "utf-8-sig"):
        return "utf-8-sig"
    elif content.startswith(codecs.BOM_UTF8) or UTF_8_IN_WINDOWS.search(content):
        raise _unreadable_letters()
    else:
        encoding = "cp1252"
    if not _decodes(content, encoding):
        raise _unreadable_letters()
    return encoding


def _unreadable_letters() -> BadInput:
    return BadInput(
        "The letters of the file cannot be read: it mixes encodings or uses an unknown one.",
        'Open it in Excel and save it as "CSV UTF-8".',
    )


def _decodes(content: bytes, encoding: str) -> bool:
    text = _open_text(content, encoding)
    try:
        while text.read(1 << 20):
            pass
    except UnicodeError:
        return False
    return True


def _open_text(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


def _find_separator(content: bytes, encoding: str) -> tuple[str, bool]:
    """The separator, and whether a first line such as Excel's "sep=;" declares it."""
    sample = _open_text(content, encoding).read(SAMPLE_CHARACTERS)
    declared = re.match(r"\"?sep=([,;\t|])\"?[ \t]*(?:\r\n|\r|\n|$)", sample, re.IGNORECASE)
    if declared:
        return declared[1], True
    return max(SEPARATORS, key=partial(_likeness, sample)), False


def _likeness(sample: str, separator: str) -> tuple[int, int]:
    """How well a separator cuts the sample: rows as wide as the first, then that width.

    `max` takes the first of equals, so that a file of one column counts as comma-separated.
    """
    widths = _sample_widths(sample, separator)
    if not widths or widths[0] < 2:
        return 0, 0
    return widths.count(widths[0]), widths[0]


def _sample_widths(sample: str, separator: str) -> list[int]:
    lines = io.StringIO(sample, newline="")
    widths: list[int] = []
    try:
        for record in csv.reader(lines, delimiter=separator, skipinitialspace=separator != "\t"):
            if any(cell.strip() for cell in record):
                widths.append(len(record))
            if len(widths) == SAMPLE_RECORDS:
                return widths
    except csv.Error:
        return widths
    # The sample may end in the middle of a record.
    return widths[:-1] if len(sample) == SAMPLE_CHARACTERS else widths


def _records(
    content: bytes, encoding: str, separator: str, declared: bool, limits: Limits
) -> Iterator[list[Cell]]:
    """The file's records as they stand in it, cells cut to the limit."""
    text = _open_text(content, encoding)
    size = 0

    def lines() -> Iterator[str]:
        nonlocal size
        while line := text.readline(MAX_RECORD):
            size += len(line)
            if size >= MAX_RECORD:
                raise _unclosed(start)
            yield line

    reader = csv.reader(
        lines(), delimiter=separator, strict=True, skipinitialspace=separator != "\t"
    )
    start = 1
    try:
        for record in reader:
            if not (declared and start == 1):
                yield [cell[: limits.cell + 1] for cell in record]
            start = reader.line_num + 1
            size = 0
    except csv.Error as error:
        raise _misquoted(start, reader.line_num, str(error)) from None


def _unclosed(line: int) -> BadInput:
    return BadInput(
        f"The row that starts in line {line} does not end: a quotation mark is not closed.",
        f'Close the quotation mark in line {line}; inside quoted text write it twice ("").',
    )


def _misquoted(first: int, last: int, error: str) -> BadInput:
    if "expected after" not in error:
        return _unclosed(first)
    return BadInput(
        f"The quotation marks are unbalanced in line {last}"
        + (f", in a row that starts in line {first}." if first != last else "."),
        'Inside quoted text write a quotation mark twice (""), or delete it.',
    )
