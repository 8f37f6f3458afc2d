"""Reads a card as a person would: Markdown rendered, in reading order."""

from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Stricter than Teams: whatever any client may take for markup is taken for markup here.
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["strikethrough", "table"])
_ISOLATES = str.maketrans("", "", "\u2068\u2069")


def tokens(text: str) -> list[Token]:
    """The Markdown tokens of a text, the inline ones in place of their parents."""
    found: list[Token] = []
    for token in _MARKDOWN.parse(text):
        found += (token.children or []) if token.type == "inline" else [token]
    return found


def shape(text: str) -> list[str]:
    """The kinds of markup in a text, whatever the words."""
    return [token.type for token in tokens(text) if token.type not in {"text", "softbreak"}]


def visible(text: str) -> str:
    """What a person sees of a Markdown text."""
    shown = "".join(token.content for token in tokens(text) if token.type != "softbreak")
    return shown.translate(_ISOLATES)


def markdown_texts(node: Any, fact: bool = False) -> Iterator[str]:
    """Every text of a card that Teams reads as Markdown, in reading order."""
    if isinstance(node, list):
        for item in node:
            yield from markdown_texts(item, fact)
    elif isinstance(node, dict):
        for key, value in node.items():
            if fact or (key == "text" and node.get("type") == "TextBlock"):
                yield value
            elif key != "data":
                yield from markdown_texts(value, fact=key == "facts")


def read(card: dict[str, Any]) -> str:
    """All visible text of a card's body, one line per text."""
    return "\n".join(visible(text) for text in markdown_texts(card["body"]))


def facts(card: dict[str, Any]) -> dict[str, str]:
    """The rows of the card's fact set as they are seen."""
    rows = [f for e in card["body"] if e["type"] == "FactSet" for f in e["facts"]]
    return {visible(row["title"]): visible(row["value"]) for row in rows}


def skeleton(node: Any, key: str = "") -> Any:
    """The card without its words: objects, keys, and every setting that is no text."""
    if isinstance(node, dict):
        return {k: skeleton(v, k) for k, v in node.items()}
    if isinstance(node, list):
        return [skeleton(item, key) for item in node]
    if isinstance(node, str) and key in {"text", "title", "value", "tooltip", "fallbackText"}:
        return "words"
    return node
