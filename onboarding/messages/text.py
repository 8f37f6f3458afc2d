"""A card as lines of text, for a terminal: what it says, in reading order."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ESCAPED = re.compile(r"\\([_\W])")
_EMPHASIS = re.compile(r"(?<![\w\\])(\*\*|_)(?=\S)(.+?)(?<=[^\s\\])\1(?!\w)")
_LINK = re.compile(r"(?<!\\)\[([^\]]+)\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a card. `kind` is heading, text, subtle, fact, button or rule."""

    kind: str
    text: str


def lines(card: Mapping[str, Any]) -> list[Line]:
    """What the card says, from top to bottom; its own buttons come last."""
    said = [line for element in _each(card, "body") for line in _element(element)]
    return [*said, *_buttons(card)]


def _each(node: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = node.get(key)
    for one in found if isinstance(found, list) else []:
        if isinstance(one, Mapping) and one.get("isVisible") is not False:
            yield one


def _element(node: Mapping[str, Any]) -> Iterator[Line]:
    if node.get("separator"):
        yield Line("rule", "")
    match str(node.get("type") or "Column"):
        case "TextBlock":
            yield Line(_kind(node), unmarked(str(node.get("text") or "")))
        case "RichTextBlock":
            runs = node.get("inlines") or []
            yield Line("text", "".join(r if isinstance(r, str) else r["text"] for r in runs))
        case "FactSet":
            for fact in _each(node, "facts"):
                yield Line("fact", f"{unmarked(fact['title'])}: {unmarked(fact['value'])}")
        case "Image":
            yield Line("subtle", f"(picture: {node.get('altText') or 'without description'})")
        case "ActionSet":
            yield from _buttons(node)
        case name if name.startswith("Input."):
            yield Line("fact", f"{node.get('label') or node.get('placeholder') or name}: …")
        case _:
            for key in ("items", "columns", "images"):
                for child in _each(node, key):
                    yield from _element(child)


def _kind(node: Mapping[str, Any]) -> str:
    if node.get("style") == "heading" or node.get("weight") == "bolder":
        return "heading"
    return "subtle" if node.get("isSubtle") else "text"


def _buttons(node: Mapping[str, Any]) -> Iterator[Line]:
    for action in _each(node, "actions"):
        target = f" → {action['url']}" if action.get("url") else ""
        yield Line("button", f"[ {action.get('title') or action.get('type')} ]{target}")


def unmarked(text: str) -> str:
    """A card's Markdown as it reads: emphasis and backslashes gone, links with their address."""
    text = _LINK.sub(r"\1 (\2)", text)
    return _ESCAPED.sub(r"\1", _EMPHASIS.sub(r"\2", text))
