"""The first line of a spreadsheet: what each column means, and what to take from a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from onboarding.domain.audience.cells import is_blank
from onboarding.domain.audience.names import fields_by_alias, is_own
from onboarding.domain.audience.rows import Cell
from onboarding.domain.audience.wording import enumerate_some, fold, quoted
from onboarding.errors import BadInput

IDENTITY = frozenset({"aad_object_id", "upn", "mail"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `field` is the known field it means, its own x_ name, or "" when ignored."""

    index: int
    name: str
    field: str

    @property
    def place(self) -> str:
        """Where HR finds the column in the spreadsheet."""
        return f"Column {letters(self.index)}"


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a list: those to be used (own ones last), the nameless, how many in all."""

    used: Sequence[Column]
    nameless: Sequence[Column]
    width: int
    warnings: Sequence[str]


def read_header(header: Sequence[str]) -> Header:
    """What the columns mean. Raises BadInput when they do not say who anybody is."""
    names = [" ".join(str(name).split()) for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise empty_file()
    folded = {fold(name) for name in names}
    columns = [Column(i, name, _field(name, folded)) for i, name in enumerate(names)]
    _refuse_repeated(columns)
    _require_identity(columns)
    return Header(
        used=sorted((c for c in columns if c.field), key=lambda c: is_own(c.field)),
        nameless=[c for c in columns if not c.name],
        width=len(columns),
        warnings=_ignored([c for c in columns if c.name and not c.field]),
    )


def pick_cells(header: Header, cells: Sequence[Cell]) -> Mapping[str, Cell]:
    """A row's cells by field. Raises BadInput for a value in a column without name."""
    width = len(cells)
    for column in header.nameless:
        if not is_blank(cells[column.index : column.index + 1]):
            raise BadInput(
                f"{column.place} holds values, but has no name.",
                f"Name column {letters(column.index)} in the first line, or delete it.",
            )
    return {column.field: cells[column.index] for column in header.used if column.index < width}


def empty_file() -> BadInput:
    """What to say about a file in which there is nothing."""
    return BadInput(
        "The file is empty.", "Put column names into its first line and people beneath them."
    )


def letters(index: int) -> str:
    """A column's letters as a spreadsheet shows them: 0 is A, 26 is AA."""
    before, last = divmod(index, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)


def _field(name: str, all_names: set[str]) -> str:
    if is_own(name):
        return name
    key = fold(name)
    # Beside "Vorname" a German list means the family name by "Name".
    if key == "name" and "vorname" in all_names:
        return "surname"
    return fields_by_alias().get(key, "")


def _refuse_repeated(columns: Iterable[Column]) -> None:
    first: dict[str, Column] = {}
    for column in columns:
        earlier = first.setdefault(column.field.casefold(), column) if column.field else column
        if earlier is not column:
            pair = " and ".join(f"{one.place} {quoted(one.name)}" for one in (earlier, column))
            raise BadInput(
                f"{pair} mean the same thing.",
                "Keep one of them: delete the other, or rename it so that it starts with x_.",
            )


def _require_identity(columns: Sequence[Column]) -> None:
    if any(column.field in IDENTITY for column in columns):
        return
    if any("@" in column.name for column in columns):
        raise BadInput(
            "The first line holds a person, not column names.",
            'Insert a first line with column names such as "upn", "given_name", "start_date".',
        )
    found = ", ".join(quoted(column.name, 30) for column in columns[:10] if column.name)
    raise BadInput(
        f"No column says who the people are. Found: {found}.",
        'Name one column "upn" (sign-in name or work e-mail) or "aad_object_id", and delete any'
        " lines above the column names.",
    )


def _ignored(columns: Sequence[Column]) -> list[str]:
    if not columns:
        return []
    names = enumerate_some([quoted(column.name) for column in columns])
    return [
        f"Not used, because the meaning is unknown: {names}."
        " Put x_ before a column's name to use it in a message."
    ]
