"""OData filters as Graph's directory understands them: read once, then asked of each object."""

import datetime as dt
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from onboarding.simulator.call import Refusal
from onboarding.simulator.odata import bad

MOST_CLAUSES = 15
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[(),])|(?P<word>[^\s(),']+))", re.UNICODE
)
_ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name) for name in ("ge", "le", "gt", "lt")
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
Look = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Clause:
    """`field op value`, where op is eq, ne, ge, le, gt, lt, in or startswith."""

    field: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Both:
    left: "Filter"
    right: "Filter"


@dataclass(frozen=True, slots=True)
class Either:
    left: "Filter"
    right: "Filter"


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Filter"


Filter = Clause | Both | Either | Not


class _Reader:
    """A recursive descent over the words of one $filter."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[tuple[str, str]] = []
        place = 0
        while place < len(text.rstrip()):
            match = _TOKEN.match(text, place)
            if match is None:
                raise self.error()
            self.words.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
            place = match.end()
        self.place = 0
        self.clauses = 0

    def error(self) -> Refusal:
        return bad(f"Invalid filter clause: {self.text}", unexpected=False)

    def next(self, wanted: str | None = None) -> tuple[str, str]:
        if self.place >= len(self.words):
            raise self.error()
        kind, word = self.words[self.place]
        if wanted is not None and word != wanted:
            raise self.error()
        self.place += 1
        return kind, word

    def at(self, word: str) -> bool:
        return self.place < len(self.words) and self.words[self.place] == (
            "mark" if word in "()," else "word",
            word,
        )

    def whole(self) -> Filter:
        tree = self.either()
        if self.place != len(self.words):
            raise self.error()
        return tree

    def either(self) -> Filter:
        tree = self.both()
        while self.at("or"):
            self.next()
            tree = Either(tree, self.both())
        return tree

    def both(self) -> Filter:
        tree = self.single()
        while self.at("and"):
            self.next()
            tree = Both(tree, self.single())
        return tree

    def single(self) -> Filter:
        if self.at("not"):
            self.next()
            return Not(self.single())
        if self.at("("):
            self.next()
            tree = self.either()
            self.next(")")
            return tree
        self.clauses += 1
        _, word = self.next()
        if self.at("("):
            return self.function(word)
        _, op = self.next()
        if op == "in":
            return Clause(word, "in", self.list())
        if op not in ("eq", "ne", "ge", "le", "gt", "lt"):
            raise self.error()
        return Clause(word, op, self.literal())

    def function(self, name: str) -> Filter:
        if name != "startswith":
            raise bad(f"The function {name} is not supported here.")
        self.next("(")
        _, word = self.next()
        self.next(",")
        value = self.literal()
        self.next(")")
        return Clause(word, "startswith", value)

    def list(self) -> tuple[Any, ...]:
        self.next("(")
        values = [self.literal()]
        while self.at(","):
            self.next()
            values.append(self.literal())
        self.next(")")
        if len(values) > MOST_CLAUSES:
            raise too_many(len(values))
        return tuple(values)

    def literal(self) -> Any:
        kind, word = self.next()
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "mark":
            raise self.error()
        return {"true": True, "false": False, "null": None}.get(word, _moment(word))


def _moment(word: str) -> str:
    """A date and time in the one form in which moments compare as text."""
    if not _MOMENT.fullmatch(word):
        return word
    try:
        moment = dt.datetime.fromisoformat(word).astimezone(dt.UTC)
    except ValueError:
        raise bad(f"Invalid date and time: {word}", unexpected=False) from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def too_many(count: int) -> Refusal:
    return Refusal(
        400,
        "Request_UnsupportedQuery",
        "Too many child clauses specified in search filter expression containing 'OR' operators:"
        f" {count}. Max allowed: {MOST_CLAUSES}.",
    )


def parse_filter(text: str, fields: Iterable[str]) -> Filter:
    """The tree of a $filter over the named fields; raises Refusal 400."""
    reader = _Reader(text)
    tree = reader.whole()
    if reader.clauses > MOST_CLAUSES:
        raise too_many(reader.clauses)
    known = set(fields)
    for clause in clauses_in(tree):
        if clause.field not in known:
            raise bad(f"Could not find a property named '{clause.field}', or it is not filterable.")
    return tree


def clauses_in(tree: Filter) -> list[Clause]:
    if isinstance(tree, Clause):
        return [tree]
    if isinstance(tree, Not):
        return clauses_in(tree.inner)
    return clauses_in(tree.left) + clauses_in(tree.right)


def is_advanced(tree: Filter) -> bool:
    """Does the directory answer this only with the header ConsistencyLevel: eventual?"""
    if isinstance(tree, Clause):
        return tree.op == "ne"
    return isinstance(tree, Not) or is_advanced(tree.left) or is_advanced(tree.right)


def holds(tree: Filter, look: Look) -> bool:
    """Does the filter hold for the object whose fields `look` gives?"""
    if isinstance(tree, Both):
        return holds(tree.left, look) and holds(tree.right, look)
    if isinstance(tree, Either):
        return holds(tree.left, look) or holds(tree.right, look)
    if isinstance(tree, Not):
        return not holds(tree.inner, look)
    return _compare(tree, _folded(look(tree.field)))


def _compare(test: Clause, value: Any) -> bool:
    if test.op == "in":
        return value in tuple(_folded(wanted) for wanted in test.value)
    wanted = _folded(test.value)
    if test.op in ("eq", "ne"):
        return bool(value == wanted) == (test.op == "eq")
    if value is None or wanted is None:
        return False
    if test.op == "startswith":
        return str(value).startswith(str(wanted))
    return bool(_ORDERED[test.op](value, wanted))


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def wanted_keys(tree: Filter, field: str) -> set[str] | None:
    """The only values of `field` that can satisfy the filter; None when it could be any."""
    if isinstance(tree, Clause):
        if tree.field == field and tree.op in ("eq", "in"):
            values = tree.value if tree.op == "in" else (tree.value,)
            return {str(value).lower() for value in values}
        return None
    if isinstance(tree, Not):
        return None
    left, right = wanted_keys(tree.left, field), wanted_keys(tree.right, field)
    if isinstance(tree, Both):
        return left if left is not None else right
    return left | right if left is not None and right is not None else None
