"""The way back: the refused rows as a file that HR can mend and upload again."""

import csv
import io
from collections.abc import Iterable, Sequence

from onboarding.domain.audience import Cell, RefusedRow
from onboarding.domain.audience.cells import as_text


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
    writer.writerow([*_padded(header, width), "problem", "remedy"])
    for verdict, cells in picked:
        told = _guarded(verdict.problem), _guarded(verdict.remedy)
        writer.writerow([*_padded(cells, width), *told])
    return text.getvalue().encode("utf-8-sig", "replace")


def _padded(cells: Sequence[Cell], width: int) -> list[str]:
    return [_guarded(as_text(cell)) for cell in cells] + [""] * (width - len(cells))


def _guarded(text: str) -> str:
    """Protect against formula injection: https://owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{text}" if len(text) > 1 and text[0] in "=+-@\t\r" else text
