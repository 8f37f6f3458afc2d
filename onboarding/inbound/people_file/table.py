"""A file as columns and rows, however it was written, and what makes it unusable."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from onboarding.domain.audience import Cell
from onboarding.domain.audience.cells import as_text, is_blank
from onboarding.domain.audience.header import empty_file
from onboarding.errors import BadInput

SAVE_AS = 'Open it in Excel and save it as "Excel workbook (.xlsx)" or "CSV UTF-8".'

Begin = Callable[[], Iterator[list[Cell]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be; bytes, rows without the header, columns, characters per cell."""

    bytes: int
    rows: int
    columns: int
    cell: int


@dataclass(frozen=True, slots=True)
class Table:
    """A file's column names as written and its rows: (number from 1, cells).

    Blank rows are neither returned nor numbered. `rows` can be walked as often as needed; every
    walk parses again, so that only the file itself stays in memory. `notes` are things HR should
    know about how the file was read; `separator` is what a CSV file uses.
    """

    header: list[str]
    rows: Iterable[tuple[int, list[Cell]]]
    notes: list[str]
    separator: str = ","


@dataclass(frozen=True, slots=True)
class Walk:
    """Rows that are parsed afresh each time they are asked for."""

    begin: Begin

    def __iter__(self) -> Iterator[tuple[int, list[Cell]]]:
        cells = (row for row in self.begin() if not is_blank(row))
        next(cells, None)
        return enumerate(cells, 1)


def make_table(begin: Begin, limits: Limits, notes: list[str], separator: str = ",") -> Table:
    """Walk through all rows once, so that whatever is wrong with the file shows up now."""
    header = next((row for row in begin() if not is_blank(row)), None)
    if header is None:
        raise empty_file()
    _refuse_wide(header, limits)
    rows = Walk(begin)
    for number, cells in rows:
        _refuse_wide(cells, limits)
        if number > limits.rows:
            raise too_large(f"{limits.rows:,} rows")
    return Table([as_text(cell).strip() for cell in header], rows, notes, separator)


def too_large(limit: str) -> BadInput:
    """The file has more of something than it may have."""
    return BadInput(f"The file is larger than {limit}.", "Split it into several files.")


def too_wide(limits: Limits) -> BadInput:
    """The file has more columns than it may have."""
    return BadInput(
        f"The file has more than {limits.columns} columns.",
        "Delete the columns that no message needs.",
    )


def broken_workbook() -> BadInput:
    """What looks like a workbook cannot be read as one."""
    return BadInput("The workbook is damaged and cannot be opened.", SAVE_AS)


def encrypted() -> BadInput:
    """The workbook asks for a password."""
    return BadInput(
        "The workbook is protected by a password.",
        "Save a copy without the password (File, Info, Protect Workbook) and upload that.",
    )


def _refuse_wide(cells: Sequence[Cell], limits: Limits) -> None:
    if len(cells) > limits.columns and not is_blank(cells[limits.columns :]):
        raise too_wide(limits)
