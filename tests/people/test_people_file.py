"""What comes out of the files HR really has."""

import csv
import datetime as dt
import io
import multiprocessing
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from onboarding.domain.audience import check_rows
from onboarding.errors import BadInput
from onboarding.inbound.people_file import Table, read_rows, refused_csv

HERE = Path(__file__).parent
TODAY = dt.date(2026, 2, 1)


def rows(table: Table) -> list[list[object]]:
    return [list(cells) for _, cells in table.rows]


def refusal(data: bytes | Path, **options: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_rows(data, **options)
    assert caught.value.remedy
    return caught.value


def workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, content in enumerate(sheets, 1):
        sheet = book.create_sheet(f"List {number}")
        for row in content:
            sheet.append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(data: bytes, changes: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    packed = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", packed) as new:
        for name in dict.fromkeys([*old.namelist(), *changes]):
            new.writestr(name, changes[name] if name in changes else old.read(name))
    return file.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_every_usual_dress_of_csv_gives_the_same_table(
    separator: str, encoding: str, ending: str
) -> None:
    lines = [["upn", "Vorname", "x_note"], ["zoe@contoso.com", "Zoë", f"a{separator}b"], ["m@x.eu"]]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, lineterminator=ending).writerows(lines)
    table = read_rows(file.getvalue().encode(encoding))
    assert table.header == lines[0]
    assert list(table.rows) == [(1, lines[1]), (2, lines[2])]
    assert table.separator == separator


def test_what_excel_writes_in_germany_is_read_and_accepted() -> None:
    data = (
        "Personalnummer;Vorname;Nachname;E-Mail-Adresse;Eintrittsdatum;Führungskraft\r\n"
        '0042;Jürgen;Weiß;J.Weiss@contoso.com;02.03.2026;"Berg, Ada <ada@contoso.com>"\r\n'
        "0043;Änne;Groß;a.gross@contoso.com;1.4.2026;\r\n;;;;;\r\n"
    ).encode("cp1252")
    table = read_rows(data, "Neue.csv")
    audience = check_rows(table.header, table.rows, TODAY)
    assert audience.refused == []
    first, second = audience.accepted
    assert (first.employee_id, first.given_name, first.surname) == ("0042", "Jürgen", "Weiß")
    assert (first.upn, first.manager_upn) == ("j.weiss@contoso.com", "ada@contoso.com")
    assert (first.start_date, second.start_date) == (dt.date(2026, 3, 2), dt.date(2026, 4, 1))
    assert "Windows-1252" in table.notes[0]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("upn,x_note\na@b.eu,one; two; three\nc@b.eu,four; five\n", ","),
        ('"upn";"name"\n"a@b.eu";"Vance, Adele"\n"c@b.eu";"Bowen, Megan, Dr."\n', ";"),
        ("name;upn\nVance, Adele;a@b.eu\nBowen, Megan;c@b.eu\n", ";"),
        ("upn\tx_a|b\tx_c\na@b.eu\t1,5\t2;3\n", "\t"),
        ("upn;x_a,x_b,x_c\na@b.eu;1\nc@b.eu;2\n", ";"),
        ("upn\na@b.eu\n", ","),
        ("sep=;\nupn;x_a,x_b,x_c\na@b.eu;1,2,3\n", ";"),
        ('"sep=|"\r\nupn|x_a;x_b;x_c\r\na@b.eu|1\r\n', "|"),
    ],
)
def test_the_separator_is_found_although_others_occur_in_the_cells(
    text: str, separator: str
) -> None:
    table = read_rows(text.encode())
    assert table.separator == separator
    assert "upn" in table.header
    assert all(len(cells) == len(table.header) for _, cells in table.rows)


def test_quoted_newlines_and_doubled_quotation_marks_stay_in_their_cell() -> None:
    table = read_rows(b'upn,x_note\r\na@b.eu,"two\r\nlines and ""quotes"""\r\nc@b.eu, "x, y"\r\n')
    assert rows(table) == [["a@b.eu", 'two\r\nlines and "quotes"'], ["c@b.eu", "x, y"]]


def test_blank_lines_are_neither_returned_nor_counted() -> None:
    table = read_rows("\n\nupn,x\n\na@b.eu,1\n , \n\u200b,\u00a0\nc@b.eu,2\n\n".encode())
    assert list(table.rows) == [(1, ["a@b.eu", "1"]), (2, ["c@b.eu", "2"])]


def test_rows_can_be_walked_more_than_once() -> None:
    for data in (b"upn\na@b.eu\n", workbook([["upn"], ["a@b.eu"]])):
        table = read_rows(data)
        assert list(table.rows) == list(table.rows) == [(1, ["a@b.eu"])]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('upn,x\na@b.eu,"open\nb@b.eu,1\n', "in line 2 does not end"),
        ('upn,x\na@b.eu,1\nb@b.eu,"a "quoted" word"\n', "unbalanced in line 3"),
        ('upn,x\na@b.eu,"1\n2 "3" 4"\n', "unbalanced in line 3, in a row that starts in line 2"),
        ("upn,x\na@b.eu," + "y" * 2_000_000, "in line 2 does not end"),
        ("upn,x\na@b.eu," + '"' + "yyy\n" * 100_000, "in line 2 does not end"),
    ],
)
def test_an_unbalanced_quotation_mark_is_refused_with_its_line(text: str, says: str) -> None:
    assert says in refusal(text.encode()).problem


@pytest.mark.parametrize(
    "data",
    [
        "upn,name\na@b.eu,Zoë\n".encode() + b"c@b.eu,Zo\xeb\n",
        b"\xef\xbb\xbfupn,name\na@b.eu,Zo\xeb\n",
        b"upn,name\na@b.eu,Zo\x81\n",
        "upn,name\na@b.eu,Zoë\n".encode("utf-16")[:-1],
        b"\xff\xfe" + b"u\x00\x00\xd8a\x00",
        "upn\na@b.eu\n".encode("utf-32"),
    ],
)
def test_letters_that_cannot_be_read_with_certainty_are_refused(data: bytes) -> None:
    assert "letters" in refusal(data).problem


def test_a_nul_character_is_refused_with_its_line() -> None:
    assert "Line 3 holds a NUL" in refusal(b"upn\na@b.eu\nb\x00@b.eu\n").problem


@pytest.mark.parametrize("data", [b"", b" \r\n\r\n", b"\xef\xbb\xbf", b";;;\n;;\n", workbook([])])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert refusal(data).problem == "The file is empty."


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"%PDF-1.7 ...", "a PDF"),
        (b"<html><table><tr><td>upn</td></tr></table>", "a web page"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"PK\x03\x04" + b"junk" * 50, "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, "damaged"),
        (b"\x00\x01\x02 not a workbook", "damaged"),
        (workbook([["upn"], ["a@b.eu"]])[:-300], "damaged"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_name(data: bytes, says: str) -> None:
    assert says in refusal(data, filename="people.xlsx").problem


def test_another_office_file_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
    assert "not a workbook" in refusal(file.getvalue()).problem


def test_a_workbook_with_a_password_is_refused() -> None:
    assert "password" in refusal(HERE / "encrypted.xlsx").problem


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "nobody.csv").problem


def test_the_content_decides_when_a_text_file_is_called_a_workbook() -> None:
    table = read_rows(b"upn\tx\na@b.eu\t1\n", "export.xls", "application/vnd.ms-excel")
    assert rows(table) == [["a@b.eu", "1"]]


def test_values_of_a_workbook_come_as_hr_sees_them() -> None:
    day, moment = dt.date(2026, 3, 2), dt.datetime(2026, 3, 2, 9, 30)
    header = ["upn", "Personnel number", "Start date", "x_when", "x_rate", "x_yes", "x_at"]
    data = workbook([header, ["a@b.eu", 4711, day, moment, 0.5, True, dt.time(9, 30)]])
    table = read_rows(data)
    assert table.header == header
    assert rows(table) == [["a@b.eu", "4711", day, moment, "0.5", "TRUE", "09:30:00"]]
    person = check_rows(table.header, table.rows, TODAY).accepted[0]
    assert (person.start_date, person.employee_id) == (day, "4711")
    assert person.x["x_when"] == "2026-03-02 09:30"


def test_an_old_workbook_is_read() -> None:
    table = read_rows(HERE / "old_workbook.xls")
    assert table.header == ["E-Mail", "Eintrittsdatum", "Personalnummer", "Vorname"]
    assert rows(table) == [["anna@contoso.com", dt.date(2026, 3, 2), "4711", "Änne"]]


def test_the_first_visible_sheet_with_content_is_read_and_the_others_are_named() -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(workbook([["upn"], ["old@b.eu"]], [], [["upn"], ["new@b.eu"]], [["Notes"]]))
    )
    book["List 1"].sheet_state = "hidden"
    table = read_rows(saved(book))
    assert rows(table) == [["new@b.eu"]]
    assert table.notes == ['Only the sheet "List 3" was read, not "List 2", "List 4".']


def test_a_table_that_does_not_start_in_the_corner_is_read() -> None:
    table = read_rows(workbook([[], [], [None, None, "upn", "x"], [], [None, None, "a@b.eu"]]))
    assert table.header == ["", "", "upn", "x"]
    assert list(table.rows) == [(1, ["", "", "a@b.eu", ""])]


def test_cells_with_an_excel_error_are_refused_and_not_taken_for_blank() -> None:
    table = read_rows(workbook([["upn", "x_desk"], ["a@b.eu", "#REF!"], ["#N/A", "1"]]))
    audience = check_rows(table.header, table.rows, TODAY)
    assert [(row.row, row.field, row.value) for row in audience.refused] == [
        (1, "x_desk", "#REF!"),
        (2, "upn", "#N/A"),
    ]


def test_hidden_rows_are_read_and_said() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([["upn"], ["a@b.eu"], ["c@b.eu"]])))
    book.active.row_dimensions[3].hidden = True
    table = read_rows(saved(book))
    assert len(rows(table)) == 2
    assert table.notes == ["The sheet's hidden rows (1) were read like all others."]


def opendocument(content: str) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    xml = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="Liste">{content}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", xml)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return file.getvalue()


def ods_row(*texts: str) -> str:
    cells = (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in texts
    )
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def ods_gap(rows: int) -> str:
    cell = '<table:table-cell table:number-columns-repeated="16384"/>'
    return f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'


def test_an_opendocument_sheet_with_its_million_blank_rows_is_read() -> None:
    table = read_rows(opendocument(ods_row("upn") + ods_row("a@b.eu") + ods_gap(1_048_574)))
    assert table.header == ["upn"]
    assert rows(table) == [["a@b.eu"]]


@pytest.mark.parametrize(
    "content",
    [
        ods_row("upn") + ods_gap(1_000_000) + ods_row("a@b.eu"),
        ods_row("upn")
        + ods_row("a").replace(
            "cell office", 'cell table:number-columns-repeated="9999" office', 1
        ),
    ],
)
def test_an_opendocument_sheet_that_would_unroll_without_end_is_refused(content: str) -> None:
    assert (
        "more than" in refusal(opendocument(content)).problem
        or "larger" in refusal(opendocument(content)).problem
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_rows": 2}, "larger than 2 rows"),
        ({"max_columns": 1}, "more than 1 columns"),
        ({"max_bytes": 20}, "larger than 0 MB"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_limit_is_kept(options: dict[str, int], says: str, kind: str) -> None:
    lines: list[list[object]] = [["upn", "x"], ["a@b.eu", "1"], ["c@b.eu", "2"], ["d@b.eu", "3"]]
    text = "\n".join(",".join(map(str, line)) for line in lines).encode()
    data = text if kind == "csv" else workbook(lines)
    assert says in refusal(data, **options).problem
    assert len(rows(read_rows(data, max_rows=3, max_columns=2))) == 3


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_cell_that_is_too_long_is_cut_and_its_row_refused(kind: str) -> None:
    long = "y" * 30_000
    data = f"upn,x_a\na@b.eu,{long}\nc@b.eu,1\n".encode()
    if kind == "xlsx":
        data = workbook([["upn", "x_a"], ["a@b.eu", long], ["c@b.eu", "1"]])
    table = read_rows(data)
    assert len(str(rows(table)[0][1])) == 4_001
    audience = check_rows(table.header, table.rows, TODAY)
    assert [(row.row, row.field) for row in audience.refused] == [(1, "x_a")]
    assert [row.row for row in audience.accepted] == [2]


def test_a_zip_bomb_is_refused_also_when_it_lies_about_its_size() -> None:
    bomb = repacked(workbook([["upn"]]), {"xl/media/big.bin": bytes(210_000_000)})
    honest = refusal(bomb).problem
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        size = archive.getinfo("xl/media/big.bin").file_size.to_bytes(4, "little")
    assert "when unpacked" in honest
    assert bomb.count(size) == 2
    assert "when unpacked" in refusal(bomb.replace(size, (100).to_bytes(4, "little"))).problem


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="999999"><c><v>1</v></c></row>',
        f'<row r="1">{"<c><v>1</v></c>" * 300}</row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r="GR190000"><v>1</v></c></row>',
        "<x:row r='1'><x:c r='A1'><x:v>1</x:v></x:c><x:c\n r='ZZZ1'><x:v>1</x:v></x:c></x:row>",
    ],
)
def test_a_sheet_that_would_fill_the_memory_with_blank_cells_is_refused(cells: str) -> None:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'<worksheet xmlns="{space}" xmlns:x="{space}"><sheetData>{cells}</sheetData></worksheet>'
    data = repacked(workbook([["upn"]]), {"xl/worksheets/sheet1.xml": xml.encode()})
    assert "than" in refusal(data).problem


def test_formatted_but_blank_cells_far_away_do_no_harm() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([["upn"], ["a@b.eu"]])))
    book.active["XFD1048576"].font = Font(bold=True)
    assert rows(read_rows(saved(book))) == [["a@b.eu"]]


@pytest.mark.parametrize("filler", [b"<c ", b"<c" + b" " * 40, b'<c r="AA1" ', b"<row hidden="])
def test_a_hostile_sheet_is_judged_in_linear_time(filler: bytes) -> None:
    sheet = b"<worksheet><sheetData>" + filler * (8_000_000 // len(filler))
    data = repacked(workbook([["upn"]]), {"xl/worksheets/sheet1.xml": sheet})
    assert refusal(data).problem


def test_the_refused_rows_keep_the_order_of_columns_and_gain_two() -> None:
    table = read_rows(b"Vorname;upn;Extra\n=1+1;bad;-\nMegan;m@b.eu;1\n@x;bad@;+49\n")
    audience = check_rows(table.header, table.rows, TODAY)
    answer = refused_csv(table.header, table.rows, audience.refused, ";").decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(answer), delimiter=";"))
    assert lines[0] == ["Vorname", "upn", "Extra", "problem", "remedy"]
    assert [line[:3] for line in lines[1:]] == [["'=1+1", "bad", "-"], ["'@x", "bad@", "'+49"]]
    assert [line[3] for line in lines[1:]] == [row.problem for row in audience.refused]


def test_a_mended_answer_is_accepted_without_the_apostrophes() -> None:
    table = read_rows(b"upn,x_phone\na@,+49 30 123\n")
    audience = check_rows(table.header, table.rows, TODAY)
    answer = refused_csv(table.header, table.rows, audience.refused)
    mended = read_rows(answer.replace(b"a@,", b"a@b.eu,"))
    assert check_rows(mended.header, mended.rows, TODAY).accepted[0].x == {"x_phone": "+49 30 123"}


CELLS = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"], include_characters='\n;,|\t"'), max_size=12
)


@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\r\n", "\n"]),
)
def test_what_a_spreadsheet_program_writes_is_read_back(
    cells: list[tuple[str, str]], separator: str, encoding: str, ending: str
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerow(["upn", "given_name", "x_note"])
    writer.writerows([f"p{i}@b.eu", *pair] for i, pair in enumerate(cells))
    table = read_rows(file.getvalue().encode(encoding))
    assert rows(table) == [[f"p{i}@b.eu", *pair] for i, pair in enumerate(cells)]


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=4), max_size=6)
)
def test_the_answer_holds_every_refused_row_whatever_is_in_it(cells: list[list[str]]) -> None:
    numbered = list(enumerate(([" x", *row] for row in cells), 1))
    header = ["upn", "given_name"]
    if not numbered:
        return
    refused = check_rows(header, numbered, TODAY).refused
    answer = refused_csv(header, numbered, refused).decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(answer, newline="")))) == len(numbered) + 1


def survive(data: bytes) -> None:
    try:
        table = read_rows(data)
        audience = check_rows(table.header, table.rows, TODAY)
    except BadInput as refused:
        return plain(refused)
    assert len(audience.accepted) + len(audience.refused) == audience.rows
    assert audience.rows == len(list(table.rows))
    assert len({row.row for row in audience.refused}) == len(audience.refused)
    return None


def plain(refused: BadInput) -> None:
    assert refused.problem.endswith(".")
    assert refused.remedy.endswith(".")


@given(st.binary(max_size=300))
@example(b"upn\n\x1a")
@example(b"upn\r\r\n=\r'")
@example(b"\xff\xfe\n\x00")
def test_any_bytes_are_a_list_of_people_or_plainly_refused(data: bytes) -> None:
    survive(data)


@given(st.text(alphabet="upn;,\t|\"\n\r='#@.-/0123456789aäÃ￾\u202e\u200b<>", max_size=200))
def test_any_text_is_a_list_of_people_or_plainly_refused(text: str) -> None:
    survive(b"upn;start_date;x_a\n" + text.encode())


UNHURRIED = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@settings(UNHURRIED, max_examples=120)
@given(st.integers(0, 2**32), st.sampled_from(["xlsx", "sheet"]))
def test_any_damaged_workbook_is_read_or_plainly_refused(seed: int, kind: str) -> None:
    survive(damaged(kind, random.Random(seed)))


@settings(UNHURRIED, max_examples=12)
@given(st.integers(0, 2**32), st.sampled_from(["xls", "ods"]))
def test_any_damaged_workbook_of_the_older_kinds_is_too(seed: int, kind: str) -> None:
    survive(damaged(kind, random.Random(seed)))


def test_a_workbook_that_kills_its_reader_is_refused_and_we_live_on() -> None:
    data = bytearray((HERE / "old_workbook.xls").read_bytes())
    # A record's length of two thousand million: the reader's process is ended by SIGABRT.
    data[1692:1696] = b"\xff\xff\xff\x7f"
    assert "damaged" in refusal(bytes(data)).problem
    assert multiprocessing.active_children() == []


def damaged(kind: str, chance: random.Random) -> bytes:
    whole = {
        "xlsx": workbook([["upn", "start_date"], ["a@b.eu", dt.date(2026, 3, 2)]]),
        "xls": (HERE / "old_workbook.xls").read_bytes(),
        "ods": opendocument(ods_row("upn") + ods_row("a@b.eu")),
        "sheet": workbook([["upn", "x_a"], ["a@b.eu", 1], ["#N/A", "=1+1"]]),
    }[kind]
    if kind == "sheet":
        # Damage beneath the compression, where a checksum does not already give it away.
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            name = chance.choice([n for n in archive.namelist() if n.startswith("xl/")])
            return repacked(whole, {name: scratched(archive.read(name), chance)})
    return scratched(whole, chance)


def scratched(data: bytes, chance: random.Random) -> bytes:
    scratches = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        scratches[chance.randrange(len(scratches))] = chance.randrange(256)
    return bytes(scratches[: chance.choice([len(data), len(data), chance.randrange(len(data))])])


MEASURED = """
import datetime, resource, sys
from onboarding.domain.audience import check_rows
from onboarding.inbound.people_file import read_rows
from pathlib import Path
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
table = read_rows(Path(sys.argv[1]))
audience = check_rows(table.header, table.rows, datetime.date(2026, 2, 1))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(len(audience.accepted), len(audience.refused), grown // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux reports it")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_hundred_thousand_rows_take_less_than_150_mb(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"people.{kind}"
    write_many(file, 100_000)
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, str(file)], capture_output=True, text=True, check=True
    )
    accepted, refused, megabytes = map(int, run.stdout.split())
    assert (accepted, refused) == (99_000, 1_000)
    assert megabytes < 150


def write_many(file: Path, count: int) -> None:
    header = ["upn", "Vorname", "Nachname", "Eintrittsdatum", "Abteilung", "x_desk"]
    if file.suffix == ".csv":
        with file.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, delimiter=";").writerows([header, *map(one_of_many, range(count))])
        return
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Alle")
    sheet.append([WriteOnlyCell(sheet, name) for name in header])
    for number in range(count):
        sheet.append(one_of_many(number))
    book.save(file)


def one_of_many(number: int) -> list[str]:
    upn = "nobody" if number % 100 == 0 else f"person{number}@contoso.com"
    return [upn, f"Zoë {number % 900}", "Müller", "02.03.2026", f"Team {number % 40}", str(number)]
