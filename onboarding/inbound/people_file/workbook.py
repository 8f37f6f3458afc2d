"""A workbook's first sheet as rows, read by calamine; on request in a process of its own."""

import datetime as dt
import io
import multiprocessing
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection

import python_calamine as calamine

from onboarding.domain.audience import Cell
from onboarding.domain.audience.header import empty_file
from onboarding.domain.audience.wording import enumerate_some, quoted
from onboarding.errors import BadInput
from onboarding.inbound.people_file.table import (
    Begin,
    Limits,
    Table,
    broken_workbook,
    encrypted,
    make_table,
)

MAX_READER_MEMORY = 2_000_000_000
PATIENCE = 60.0  # seconds for a workbook that is read in a process of its own

DAMAGE = (
    calamine.CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What only a sheet's XML tells: Excel's error cells by row (from 0), and the hidden rows."""

    errors: Mapping[int, list[tuple[int, str]]]
    hidden_rows: int


def open_sheet(
    content: bytes, limits: Limits, inspect: Callable[[int], Inspection] | None = None
) -> tuple[Begin, list[str]]:
    """The rows and notes of the first visible sheet that holds anything.

    `inspect` is given a sheet's index before its grid is read.
    """
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    visible = [
        (index, sheet.name)
        for index, sheet in enumerate(book.sheets_metadata)
        if sheet.visible == calamine.SheetVisibleEnum.Visible
        and sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    for index, name in visible:
        inspection = inspect(index) if inspect else Inspection({}, 0)
        sheet = book.get_sheet_by_index(index)
        if sheet.start is not None:
            others = [other for _, other in visible if other != name]
            notes = _notes(name, others, inspection)
            return partial(_rows, sheet, inspection, limits), notes
    raise empty_file()


def read_apart(content: bytes, limits: Limits) -> Table:
    """Read a workbook in a process of its own, with bounded memory and time.

    A damaged .xls can make the reader ask for more memory than there is, which ends the process
    it runs in at once; that must not be the process that everybody's welcome depends on.
    """
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    reader = spawn.Process(target=_hand_over, args=(content, limits, sender), daemon=True)
    reader.start()
    sender.close()
    try:
        answer = receiver.recv() if receiver.poll(PATIENCE) else broken_workbook()
    except (EOFError, OSError):
        answer = broken_workbook()
    finally:
        reader.kill()
        reader.join()
        receiver.close()
    if isinstance(answer, BadInput):
        raise answer
    rows, notes = answer
    return make_table(partial(iter, rows), limits, notes)


@contextmanager
def refusing_damage() -> Iterator[None]:
    """Whatever a broken workbook provokes becomes one plain error."""
    try:
        yield
    except calamine.PasswordError:
        raise encrypted() from None
    except DAMAGE:
        raise broken_workbook() from None
    except BaseException as error:
        # A panic of the Rust reader derives from BaseException and cannot be imported.
        if type(error).__name__ == "PanicException":
            raise broken_workbook() from None
        raise


def _hand_over(content: bytes, limits: Limits, sender: Connection) -> None:
    """The other process: send (rows, notes), or the BadInput that says why there are none."""
    _limit_memory()
    try:
        with refusing_damage():
            begin, notes = open_sheet(content, limits)
            answer: object = list(begin()), notes
    except BadInput as refused:
        answer = refused
    sender.send(answer)
    sender.close()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_READER_MEMORY, MAX_READER_MEMORY))


def _notes(name: str, others: Sequence[str], inspection: Inspection) -> list[str]:
    notes = []
    if others:
        listed = enumerate_some([quoted(other) for other in others])
        notes.append(f"Only the sheet {quoted(name)} was read, not {listed}.")
    if inspection.hidden_rows:
        notes.append(
            f"The sheet's hidden rows ({inspection.hidden_rows}) were read like all others."
        )
    return notes


def _rows(
    sheet: calamine.CalamineSheet, inspection: Inspection, limits: Limits
) -> Iterator[list[Cell]]:
    # The reader counts rows from the sheet's first, but columns from the first that is filled.
    margin: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
    for index, values in enumerate(sheet.iter_rows()):
        cells = margin + [_cell(value, limits.cell) for value in values]
        for column, text in inspection.errors.get(index, ()):
            cells += [""] * (column + 1 - len(cells))
            cells[column] = text
        yield cells


def _cell(value: object, longest: int) -> Cell:
    """A workbook's value as HR sees it: a day stays a day, the number 123.0 is the text "123"."""
    if isinstance(value, str):
        return value[: longest + 1]
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value if isinstance(value, dt.date) else str(value)
