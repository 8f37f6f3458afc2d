"""Workbooks that are ZIP archives, looked at closely before anything of them is unrolled."""

import io
import posixpath
import re
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

from onboarding.errors import BadInput
from onboarding.inbound.people_file.table import (
    SAVE_AS,
    Limits,
    Table,
    broken_workbook,
    encrypted,
    make_table,
    too_large,
    too_wide,
)
from onboarding.inbound.people_file.workbook import (
    Inspection,
    open_sheet,
    read_apart,
    refusing_damage,
)

MAX_UNPACKED = 200_000_000
MAX_CELLS = 12_000_000  # a workbook's grid takes about 32 bytes a cell in memory

# Each of these reads a tag at most once, whatever is in it: atomic groups and no "<" inside a tag.
PREFIX = rb"<(?:\w+:)?"
PLACED_CELL = PREFIX + rb"c(?=\s)(?>[^<>]*?\sr=[\"'])"
ROW = re.compile(PREFIX + rb"row[\s>/]")
HIDDEN_ROW = re.compile(PREFIX + rb"row(?=\s)[^<>]*?\shidden=[\"'](?:1|true)[\"']")
ROW_NUMBER = re.compile(PREFIX + rb"row(?=\s)(?>[^<>]*?\sr=[\"'])([0-9]{1,9})[\"']")
CELL = re.compile(PREFIX + rb"c[\s>/]")
CELL_WITHOUT_PLACE = re.compile(PREFIX + rb"c(?=[\s>])(?![^<>]*?\sr=)")
FAR_RIGHT = re.compile(PLACED_CELL + rb"([A-Z]{2,9})[0-9]+[\"'][^<>]*+(?<!/)>")
FAR_DOWN = re.compile(PLACED_CELL + rb"[A-Z]+([0-9]{5,9})[\"'][^<>]*+(?<!/)>")
ERROR_CELL = re.compile(
    PLACED_CELL + rb"([A-Z]{1,3})([0-9]{1,7})[\"'](?=[^<>]*?\st=[\"']e[\"'])[^<>]*+>\s*"
    rb"(?:<(?:\w+:)?f[^<>]*+(?:(?<=/)>|>[^<]*+</(?:\w+:)?f>)\s*)?<(?:\w+:)?v>([^<]{1,30})<"
)
REPEATED_ROWS = re.compile(rb"number-rows-repeated=[\"']([0-9]+)")
REPEATED_CELLS = re.compile(rb"number-columns-repeated=[\"']([0-9]+)")


def read_zip(content: bytes, limits: Limits) -> Table:
    """An .xlsx, .xlsm or .ods workbook as a table. Raises BadInput for any other archive."""
    with refusing_damage(), zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        _refuse_bomb(archive)
        if "xl/workbook.xml" in names:
            inspect = partial(_inspect, archive, _sheet_members(archive), limits)
            begin, notes = open_sheet(content, limits, inspect)
            return make_table(begin, limits, notes)
        if "content.xml" in names and b"spreadsheet" in archive.read("mimetype"):
            _refuse_large_ods(archive, limits)
            return read_apart(content, limits)
    kind = "a binary workbook (.xlsb)" if "xl/workbook.bin" in names else "not a workbook"
    raise BadInput(f"The file is {kind}; only .xlsx, .xls, .ods and .csv can be read.", SAVE_AS)


def _refuse_bomb(archive: zipfile.ZipFile) -> None:
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


def _refuse_large(rows: int, columns: int, limits: Limits) -> None:
    """Refuse a grid by its corners. The header and blank rows come on top of those that count."""
    if columns > limits.columns:
        raise too_wide(limits)
    if rows > 2 * limits.rows + 10 or rows * columns > MAX_CELLS:
        raise too_large(f"{limits.rows:,} rows")


def _sheet_members(archive: zipfile.ZipFile) -> list[str]:
    """The archive's member for each sheet, in the workbook's order."""
    targets = {
        _attribute(tag, b"Id"): _attribute(tag, b"Target")
        for tag in _tags(archive.read("xl/_rels/workbook.xml.rels"), b"Relationship")
    }
    sheets = _tags(archive.read("xl/workbook.xml"), b"sheet")
    found = [targets.get(_attribute(tag, rb"\w+:id"), "") for tag in sheets]
    return [posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") for target in found]


def _tags(xml: bytes, name: bytes) -> list[bytes]:
    return re.findall(PREFIX + name + rb"\s[^<>]*+>", xml)


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb"=[\"']([^\"']*)[\"']", tag)
    return found[1].decode("utf-8", "replace") if found else ""


def _inspect(
    archive: zipfile.ZipFile, members: Sequence[str], limits: Limits, index: int
) -> Inspection:
    """Look at a sheet's XML before it is read into a grid, which takes memory by its corners."""
    xml = archive.read(members[index])
    columns = max((_column_number(ref) for ref in set(FAR_RIGHT.findall(xml))), default=1)
    rows = max((int(ref) for ref in set(FAR_DOWN.findall(xml))), default=1)
    if CELL_WITHOUT_PLACE.search(xml):
        columns = max(columns, _most_cells(xml))
        rows = max(rows, *map(int, ROW_NUMBER.findall(xml)), len(ROW.findall(xml)))
    _refuse_large(rows, columns, limits)
    return Inspection(_error_cells(xml), len(HIDDEN_ROW.findall(xml)))


def _most_cells(xml: bytes) -> int:
    """The most cells that one row of the sheet has."""
    starts = [found.start() for found in ROW.finditer(xml)]
    return max((len(CELL.findall(xml, *span)) for span in pairwise([*starts, len(xml)])), default=0)


def _column_number(letters: bytes) -> int:
    number = 0
    for char in letters:
        number = number * 26 + char - ord("A") + 1
    return number


def _error_cells(xml: bytes) -> Mapping[int, list[tuple[int, str]]]:
    """The cells that show an error such as #N/A, which the reader would hand out as blank."""
    found: dict[int, list[tuple[int, str]]] = {}
    if b't="e"' in xml or b"t='e'" in xml:
        for letters, row, text in ERROR_CELL.findall(xml):
            place = _column_number(letters) - 1, text.decode("ascii", "replace")
            found.setdefault(int(row) - 1, []).append(place)
    return found


def _refuse_large_ods(archive: zipfile.ZipFile, limits: Limits) -> None:
    """OpenDocument writes "this row a million times" in one tag; count before it is unrolled."""
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise encrypted()
    for table in re.split(rb"<table:table\s", archive.read("content.xml"))[1:]:
        rows = pending = columns = 0
        for row in table.split(b"<table:table-row")[1:]:
            pending += _repeats(REPEATED_ROWS, row)
            width = _filled_width(row)
            if width:
                rows, columns = pending, max(columns, width)
        _refuse_large(rows, columns, limits)


def _repeats(pattern: re.Pattern[bytes], xml: bytes) -> int:
    found = pattern.search(xml, 0, 2000)
    return int(found[1][:9]) if found else 1


def _filled_width(row: bytes) -> int:
    width = filled = 0
    for cell in re.split(rb"<table:(?:covered-)?table-cell", row)[1:]:
        width += _repeats(REPEATED_CELLS, cell.partition(b">")[0])
        if b"office:value" in cell or b"<text:" in cell:
            filled = width
    return filled
