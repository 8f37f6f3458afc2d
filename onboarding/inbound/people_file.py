"""The file HR really has, as a table: CSV in any usual dress, or a workbook.

The content decides what a file is; its name and declared type only make the errors clearer.
Everything wrong with the file as a whole is BadInput with a remedy; what is wrong with one row is
the business of `onboarding.domain.audience`.
"""

import codecs
import csv
import datetime as dt
import io
import multiprocessing
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

import python_calamine as calamine

from onboarding.domain.audience import (
    MAX_CELL,
    Cell,
    RefusedRow,
    as_text,
    clip,
    enumerate_some,
    is_blank,
)
from onboarding.errors import BadInput

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_UNPACKED = 200_000_000
MAX_READER_MEMORY = 2_000_000_000
PATIENCE = 60.0  # seconds for a workbook that is read in a process of its own
MAX_CELLS = 12_000_000  # a workbook's grid takes about 32 bytes a cell in memory

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SEPARATORS = ",;\t|"
NOTHING = codecs.BOM_UTF8 + b" \r\n,;\t|"
MAX_RECORD = 1_000_000
SAMPLE_CHARACTERS = 100_000
SAMPLE_RECORDS = 50
UTF_8_IN_WINDOWS = re.compile(rb"\xc3[\x80-\xbf]|\xe2\x80[\x80-\xbf]")

# Each of these reads a tag at most once, whatever is in it: atomic groups and no "<" inside a tag.
PREFIX = rb"<(?:\w+:)?"
PLACED_CELL = PREFIX + rb"c(?=\s)(?>[^<>]*?\sr=[\"'])"
ROW = re.compile(PREFIX + rb"row[\s>/]")
HIDDEN_ROW = re.compile(PREFIX + rb"row(?=\s)[^<>]*?\shidden=[\"'](?:1|true)[\"']")
ROW_NUMBER = re.compile(PREFIX + rb"row(?=\s)(?>[^<>]*?\sr=[\"'])([0-9]{1,9})[\"']")
CELL_WITHOUT_PLACE = re.compile(PREFIX + rb"c(?=[\s>])(?![^<>]*?\sr=)")
FAR_RIGHT = re.compile(PLACED_CELL + rb"([A-Z]{2,9})[0-9]+[\"'][^<>]*+(?<!/)>")
FAR_DOWN = re.compile(PLACED_CELL + rb"[A-Z]+([0-9]{5,9})[\"'][^<>]*+(?<!/)>")
ERROR_CELL = re.compile(
    PLACED_CELL + rb"([A-Z]{1,3})([0-9]{1,7})[\"'](?=[^<>]*?\st=[\"']e[\"'])[^<>]*+>\s*"
    rb"(?:<(?:\w+:)?f[^<>]*+(?:(?<=/)>|>[^<]*+</(?:\w+:)?f>)\s*)?<(?:\w+:)?v>([^<]{1,30})<"
)
REPEATED_ROWS = re.compile(rb"number-rows-repeated=[\"']([0-9]+)")
REPEATED_CELLS = re.compile(rb"number-columns-repeated=[\"']([0-9]+)")

DAMAGE = (
    calamine.CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
SAVE_AS = 'Open it in Excel and save it as "Excel workbook (.xlsx)" or "CSV UTF-8".'


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be; bytes, rows without the header, columns, characters per cell."""

    bytes: int = MAX_BYTES
    rows: int = MAX_ROWS
    columns: int = MAX_COLUMNS
    cell: int = MAX_CELL


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
class Inspection:
    """What only a sheet's XML tells: Excel's error cells by row (from 0), and the hidden rows."""

    errors: Mapping[int, list[tuple[int, str]]]
    hidden_rows: int


@dataclass(frozen=True, slots=True)
class Walk:
    """Rows that are parsed afresh each time they are asked for."""

    begin: Callable[[], Iterator[list[Cell]]]

    def __iter__(self) -> Iterator[tuple[int, list[Cell]]]:
        cells = (row for row in self.begin() if not is_blank(row))
        next(cells, None)
        return enumerate(cells, 1)


def read_rows(
    data: bytes | Path,
    filename: str | None = None,
    content_type: str | None = None,
    *,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
    max_columns: int = MAX_COLUMNS,
    max_cell: int = MAX_CELL,
) -> Table:
    """Read a CSV, XLSX, XLSM, XLS or ODS file, given as bytes or as a path.

    A cell longer than `max_cell` is cut to one character more, so that its row can be refused.
    Raises BadInput, always before the first row is handed out.
    """
    limits = Limits(max_bytes, max_rows, max_columns, max_cell)
    name = filename or (data.name if isinstance(data, Path) else "")
    content = load(data, limits)
    if content.startswith(b"PK\x03\x04"):
        return read_zip(content, limits)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return read_compound(content, limits)
    refuse_foreign(content, name, content_type or "")
    return read_csv(content, limits)


def load(data: bytes | Path, limits: Limits) -> bytes:
    try:
        size = data.stat().st_size if isinstance(data, Path) else len(data)
        if size > limits.bytes:
            raise too_large(f"{limits.bytes // 1_000_000} MB")
        content = data.read_bytes() if isinstance(data, Path) else data
    except OSError as error:
        raise BadInput(
            f"The file cannot be read: {error.strerror}.", "Check its name and your permission."
        ) from None
    if not content.strip(NOTHING):
        raise empty()
    return content


def empty() -> BadInput:
    return BadInput(
        "The file is empty.", "Put column names into its first line and people beneath them."
    )


def too_large(limit: str) -> BadInput:
    return BadInput(f"The file is larger than {limit}.", "Split it into several files.")


def refuse_foreign(content: bytes, name: str, content_type: str) -> None:
    """Say what a file is that is neither text nor workbook, or only pretends to be a workbook."""
    start = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, kind in (
        (b"%pdf", "a PDF"),
        (b"{\\rtf", "a text document"),
        (b"\x89png", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"\x1f\x8b", "a compressed file"),
        (b"<", "a web page or XML file"),
    ):
        if start.startswith(magic):
            raise BadInput(f"The file is {kind}, not a list of people.", SAVE_AS)
    claims_workbook = name.lower().endswith((".xlsx", ".xlsm", ".xls", ".ods")) or (
        "spreadsheet" in content_type or "ms-excel" in content_type
    )
    if claims_workbook and b"\x00" in content[:1000] and not content.startswith(UTF_16):
        raise broken_workbook()


def broken_workbook() -> BadInput:
    return BadInput("The workbook is damaged and cannot be opened.", SAVE_AS)


def read_csv(content: bytes, limits: Limits) -> Table:
    encoding = find_encoding(content)
    separator, declared = find_separator(content, encoding)

    def begin() -> Iterator[list[Cell]]:
        return csv_rows(content, encoding, separator, declared, limits)

    notes = []
    if encoding == "cp1252":
        notes.append(
            "The file is not Unicode; its letters were read as Western European (Windows-1252)."
            " Check the names."
        )
    return make_table(begin, limits, notes, separator)


def make_table(
    begin: Callable[[], Iterator[list[Cell]]],
    limits: Limits,
    notes: list[str],
    separator: str = ",",
) -> Table:
    """Walk through all rows once, so that whatever is wrong with the file shows up now."""
    header = next((row for row in begin() if not is_blank(row)), None)
    if header is None:
        raise empty()
    refuse_wide(header, limits)
    rows = Walk(begin)
    for number, cells in rows:
        refuse_wide(cells, limits)
        if number > limits.rows:
            raise too_large(f"{limits.rows:,} rows")
    return Table([as_text(cell).strip() for cell in header], rows, notes, separator)


def refuse_wide(cells: Sequence[Cell], limits: Limits) -> None:
    if len(cells) > limits.columns and not is_blank(cells[limits.columns :]):
        raise too_wide(limits)


def too_wide(limits: Limits) -> BadInput:
    return BadInput(
        f"The file has more than {limits.columns} columns.",
        "Delete the columns that no message needs.",
    )


def find_encoding(content: bytes) -> str:
    """The encoding of the whole file; one that fits only in part is refused, never guessed at."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise unreadable_letters()
    if content.startswith(UTF_16):
        return require(content, "utf-16")
    if b"\x00" in content:
        line = content.count(b"\n", 0, content.index(b"\x00")) + 1
        raise BadInput(f"Line {line} holds a NUL character; this is not plain text.", SAVE_AS)
    if decodes(content, "utf-8"):
        return "utf-8-sig"
    if content.startswith(codecs.BOM_UTF8) or UTF_8_IN_WINDOWS.search(content):
        raise unreadable_letters()
    return require(content, "cp1252")


def require(content: bytes, encoding: str) -> str:
    if not decodes(content, encoding):
        raise unreadable_letters()
    return encoding


def unreadable_letters() -> BadInput:
    return BadInput(
        "The letters of the file cannot be read: it mixes encodings or uses an unknown one.",
        'Open it in Excel and save it as "CSV UTF-8".',
    )


def decodes(content: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    step = 1 << 20
    try:
        for start in range(0, len(content), step):
            decoder.decode(content[start : start + step])
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def open_text(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


def find_separator(content: bytes, encoding: str) -> tuple[str, bool]:
    """The separator, and whether a first line such as Excel's "sep=;" declares it."""
    sample = open_text(content, encoding).read(SAMPLE_CHARACTERS)
    declared = re.match(r"\"?sep=([,;\t|])\"?[ \t]*(?:\r\n|\r|\n|$)", sample, re.IGNORECASE)
    if declared:
        return declared[1], True
    return max(SEPARATORS, key=lambda separator: likeness(sample, separator)), False


def likeness(sample: str, separator: str) -> tuple[int, int]:
    """How well a separator cuts the sample: rows as wide as the first, then that width.

    `max` takes the first of equals, so that a file of one column counts as comma-separated.
    """
    widths = sample_widths(sample, separator)
    if not widths or widths[0] < 2:
        return 0, 0
    return sum(width == widths[0] for width in widths), widths[0]


def sample_widths(sample: str, separator: str) -> list[int]:
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


def csv_rows(
    content: bytes, encoding: str, separator: str, declared: bool, limits: Limits
) -> Iterator[list[Cell]]:
    """The file's records as they stand in it, cells cut to the limit."""
    text = open_text(content, encoding)
    size = 0

    def lines() -> Iterator[str]:
        nonlocal size
        while line := text.readline(MAX_RECORD):
            size += len(line)
            if size >= MAX_RECORD:
                raise unclosed(start)
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
        raise misquoted(start, reader.line_num, str(error)) from None


def unclosed(line: int) -> BadInput:
    return BadInput(
        f"The row that starts in line {line} does not end: a quotation mark is not closed.",
        f'Close the quotation mark in line {line}; inside quoted text write it twice ("").',
    )


def misquoted(first: int, last: int, error: str) -> BadInput:
    if "expected after" not in error:
        return unclosed(first)
    return BadInput(
        f"The quotation marks are unbalanced in line {last}"
        + (f", in a row that starts in line {first}." if first != last else "."),
        'Inside quoted text write a quotation mark twice (""), or delete it.',
    )


def read_zip(content: bytes, limits: Limits) -> Table:
    with refusing_damage(), zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        refuse_bomb(archive)
        if "xl/workbook.xml" in names:
            inspect = partial(inspect_sheet, archive, sheet_members(archive), limits)
            begin, notes = open_sheet(content, limits, inspect)
            return make_table(begin, limits, notes)
        if "content.xml" in names and b"spreadsheet" in archive.read("mimetype"):
            refuse_large_ods(archive, limits)
            return read_apart(content, limits)
    kind = "a binary workbook (.xlsb)" if "xl/workbook.bin" in names else "not a workbook"
    raise BadInput(f"The file is {kind}; only .xlsx, .xls, .ods and .csv can be read.", SAVE_AS)


def read_compound(content: bytes, limits: Limits) -> Table:
    """The old container: an .xls workbook, or the wrapping of an encrypted .xlsx."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise encrypted()
    return read_apart(content, limits)


def read_apart(content: bytes, limits: Limits) -> Table:
    """Read a workbook in a process of its own, with bounded memory and time.

    A damaged .xls can make the reader ask for more memory than there is, which ends the process
    it runs in at once; that must not be the process that everybody's welcome depends on.
    """
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    reader = spawn.Process(target=hand_over, args=(content, limits, sender), daemon=True)
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


def hand_over(content: bytes, limits: Limits, sender: Connection) -> None:
    """The other process: send (rows, notes), or the BadInput that says why there are none."""
    limit_memory()
    try:
        with refusing_damage():
            begin, notes = open_sheet(content, limits)
            answer: object = list(begin()), notes
    except BadInput as refused:
        answer = refused
    sender.send(answer)
    sender.close()


def limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_READER_MEMORY, MAX_READER_MEMORY))


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


def encrypted() -> BadInput:
    return BadInput(
        "The workbook is protected by a password.",
        "Save a copy without the password (File, Info, Protect Workbook) and upload that.",
    )


def refuse_bomb(archive: zipfile.ZipFile) -> None:
    """Unpack everything once without keeping it; the sizes an archive declares may be lies."""
    names = archive.namelist()
    if len(set(names)) != len(names):
        raise broken_workbook()
    left = MAX_UNPACKED
    for info in archive.infolist():
        if info.flag_bits & 1:
            raise encrypted()
        info.file_size = 1 << 62
        with archive.open(info) as member:
            while block := member.read(1 << 18):
                left -= len(block)
                if left < 0:
                    raise too_large(f"{MAX_UNPACKED // 1_000_000} MB when unpacked")


def sheet_members(archive: zipfile.ZipFile) -> list[str]:
    """The archive's member for each sheet, in the workbook's order."""
    targets = {
        attribute(tag, b"Id"): attribute(tag, b"Target")
        for tag in tags(archive.read("xl/_rels/workbook.xml.rels"), b"Relationship")
    }
    sheets = tags(archive.read("xl/workbook.xml"), b"sheet")
    found = [targets.get(attribute(tag, rb"\w+:id"), "") for tag in sheets]
    return [posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") for target in found]


def tags(xml: bytes, name: bytes) -> list[bytes]:
    return re.findall(PREFIX + name + rb"\s[^<>]*+>", xml)


def attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb"=[\"']([^\"']*)[\"']", tag)
    return found[1].decode("utf-8", "replace") if found else ""


def inspect_sheet(
    archive: zipfile.ZipFile, members: Sequence[str], limits: Limits, index: int
) -> Inspection:
    """Look at a sheet's XML before it is read into a grid, which takes memory by its corners."""
    xml = archive.read(members[index])
    columns = max((column_number(ref) for ref in set(FAR_RIGHT.findall(xml))), default=1)
    rows = max((int(ref) for ref in set(FAR_DOWN.findall(xml))), default=1)
    if CELL_WITHOUT_PLACE.search(xml):
        columns = max(columns, most_cells(xml))
        rows = max(rows, *map(int, ROW_NUMBER.findall(xml)), len(ROW.findall(xml)))
    if columns > limits.columns:
        raise too_wide(limits)
    # The header, and blank rows in between, come on top of the rows that count.
    if rows > 2 * limits.rows + 10 or rows * columns > MAX_CELLS:
        raise too_large(f"{limits.rows:,} rows")
    return Inspection(error_cells(xml), len(HIDDEN_ROW.findall(xml)))


def most_cells(xml: bytes) -> int:
    """The most cells that one row of the sheet has."""
    cell = re.compile(PREFIX + rb"c[\s>/]")
    starts = [found.start() for found in ROW.finditer(xml)]
    return max((len(cell.findall(xml, *span)) for span in pairwise([*starts, len(xml)])), default=0)


def column_number(letters: bytes) -> int:
    number = 0
    for char in letters:
        number = number * 26 + char - ord("A") + 1
    return number


def error_cells(xml: bytes) -> Mapping[int, list[tuple[int, str]]]:
    """The cells that show an error such as #N/A, which the reader would hand out as blank."""
    found: dict[int, list[tuple[int, str]]] = {}
    if b't="e"' in xml or b"t='e'" in xml:
        for letters, row, text in ERROR_CELL.findall(xml):
            place = column_number(letters) - 1, text.decode("ascii", "replace")
            found.setdefault(int(row) - 1, []).append(place)
    return found


def refuse_large_ods(archive: zipfile.ZipFile, limits: Limits) -> None:
    """OpenDocument writes "this row a million times" in one tag; count before it is unrolled."""
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise encrypted()
    for table in re.split(rb"<table:table\s", archive.read("content.xml"))[1:]:
        rows = pending = columns = 0
        for row in table.split(b"<table:table-row")[1:]:
            pending += repeats(REPEATED_ROWS, row)
            width = filled_width(row)
            if width:
                rows, columns = pending, max(columns, width)
        if columns > limits.columns:
            raise too_wide(limits)
        if rows > 2 * limits.rows + 10 or rows * columns > MAX_CELLS:
            raise too_large(f"{limits.rows:,} rows")


def repeats(pattern: re.Pattern[bytes], xml: bytes) -> int:
    found = pattern.search(xml, 0, 2000)
    return int(found[1][:9]) if found else 1


def filled_width(row: bytes) -> int:
    width = filled = 0
    for cell in re.split(rb"<table:(?:covered-)?table-cell", row)[1:]:
        width += repeats(REPEATED_CELLS, cell.partition(b">")[0])
        if b"office:value" in cell or b"<text:" in cell:
            filled = width
    return filled


def open_sheet(
    content: bytes, limits: Limits, inspect: Callable[[int], Inspection] | None = None
) -> tuple[Callable[[], Iterator[list[Cell]]], list[str]]:
    """The rows and notes of the first visible sheet that holds anything."""
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
            notes = workbook_notes(name, others, inspection)
            return partial(sheet_rows, sheet, inspection, limits), notes
    raise empty()


def workbook_notes(name: str, others: Sequence[str], inspection: Inspection) -> list[str]:
    notes = []
    if others:
        quoted = enumerate_some([f'"{clip(other, 40)}"' for other in others])
        notes.append(f'Only the sheet "{clip(name, 40)}" was read, not {quoted}.')
    if inspection.hidden_rows:
        notes.append(
            f"The sheet's hidden rows ({inspection.hidden_rows}) were read like all others."
        )
    return notes


def sheet_rows(
    sheet: calamine.CalamineSheet, inspection: Inspection, limits: Limits
) -> Iterator[list[Cell]]:
    # The reader counts rows from the sheet's first, but columns from the first that is filled.
    margin: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)
    for index, values in enumerate(sheet.iter_rows()):
        cells = margin + [to_cell(value, limits.cell) for value in values]
        for column, text in inspection.errors.get(index, ()):
            cells += [""] * (column + 1 - len(cells))
            cells[column] = text
        yield cells


def to_cell(value: object, longest: int) -> Cell:
    """A workbook's value as HR sees it: a day stays a day, the number 123.0 is the text "123"."""
    if isinstance(value, str):
        return value[: longest + 1]
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.date):
        return value
    return str(value)


def refused_csv(
    header: Sequence[str],
    rows: Iterable[tuple[int, Sequence[Cell]]],
    refused: Iterable[RefusedRow],
    separator: str = ",",
) -> bytes:
    """The refused rows as a CSV file (UTF-8 with BOM) for HR to mend and upload again.

    The file's own columns in their order, then `problem` and `remedy`. A cell that a spreadsheet
    would take for a formula gets an apostrophe in front, which reading takes off again.
    """
    verdicts = {verdict.row: verdict for verdict in refused}
    picked = [(verdicts[number], list(cells)) for number, cells in rows if number in verdicts]
    width = max([len(header), *(len(cells) for _, cells in picked)])
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator)
    writer.writerow([*padded(header, width), "problem", "remedy"])
    for verdict, cells in picked:
        writer.writerow([*padded(cells, width), guarded(verdict.problem), guarded(verdict.remedy)])
    return text.getvalue().encode("utf-8-sig", "replace")


def padded(cells: Sequence[Cell], width: int) -> list[str]:
    return [guarded(as_text(cell)) for cell in cells] + [""] * (width - len(cells))


def guarded(text: str) -> str:
    """Protect against formula injection: https://owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{text}" if len(text) > 1 and text[0] in "=+-@\t\r" else text
