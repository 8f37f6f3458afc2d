"""Find out what kind of file HR gave us, and have it read."""

from pathlib import Path

from onboarding.domain.audience.cells import MAX_CELL
from onboarding.domain.audience.header import empty_file
from onboarding.errors import BadInput
from onboarding.inbound.people_file.archive import read_zip
from onboarding.inbound.people_file.csv_text import NOTHING, UTF_16, read_csv
from onboarding.inbound.people_file.table import (
    SAVE_AS,
    Limits,
    Table,
    broken_workbook,
    encrypted,
    too_large,
)
from onboarding.inbound.people_file.workbook import read_apart

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000
MAX_COLUMNS = 200

ZIP = b"PK\x03\x04"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FOREIGN = (
    (b"%pdf", "a PDF"),
    (b"{\\rtf", "a text document"),
    (b"\x89png", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"<", "a web page or XML file"),
)


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
    content = _load(data, limits)
    if content.startswith(ZIP):
        return read_zip(content, limits)
    if content.startswith(COMPOUND):
        return _read_compound(content, limits)
    _refuse_foreign(content, name, content_type or "")
    return read_csv(content, limits)


def _load(data: bytes | Path, limits: Limits) -> bytes:
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
        raise empty_file()
    return content


def _read_compound(content: bytes, limits: Limits) -> Table:
    """The old container: an .xls workbook, or the wrapping of an encrypted .xlsx."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise encrypted()
    return read_apart(content, limits)


def _refuse_foreign(content: bytes, name: str, content_type: str) -> None:
    """Say what a file is that is neither text nor workbook, or only pretends to be a workbook."""
    start = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, kind in FOREIGN:
        if start.startswith(magic):
            raise BadInput(f"The file is {kind}, not a list of people.", SAVE_AS)
    claims_workbook = name.lower().endswith((".xlsx", ".xlsm", ".xls", ".ods")) or (
        "spreadsheet" in content_type or "ms-excel" in content_type
    )
    if claims_workbook and b"\x00" in content[:1000] and not content.startswith(UTF_16):
        raise broken_workbook()
