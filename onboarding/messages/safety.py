"""No value from outside ever becomes markup, JSON, or a link that was not meant to be one.

A value enters a template's output only as a hidden token: its text in hexadecimal between two
noncharacters, which `clean` removes from every value. The output is parsed as JSON while all
values are still hidden, so no value can change the structure; only then each token is revealed
in the way its position asks for: Markdown-escaped, plain, or as a checked https address.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

SHORT = 120
LONG = 500
_LONGEST = 2048

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_TOKEN = re.compile(f"{_OPEN}([0-9a-f]*){_CLOSE}")

_SPACE = re.compile(r"\s+")
_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)
_DANGLING = re.compile("[\u200c\u200d]+$")

_MARKUP = re.compile(
    r"[\\`*_\[\]<>~{|]"  # emphasis, links, mentions, code, tables and the {{DATE()}} function
    r"|(?<=\])\("  # the native mobile parsers ignore the backslash before a bracket
    r"|!(?=\[)|&(?=#?\w+;)"
    r"|/(?=/)|(?<=\w)@(?=\w)|(?<=\w)\.(?=\w\w)|(?<=\w):(?=\w)"  # what clients link by themselves
)
_LINE_MARKUP = re.compile(r"(?:[-+=]+|#{1,6})(?=\s|$)|[-=]{2}|[(.):]")
_LINE_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_LINK_TARGET = re.compile(r"\](?:\(|:)\s*[^\s)]*$")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]"
)

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_NOT_IN_URL = re.compile(r'[\s"<>\\^`{|}]')
_LINKED = frozenset({"url", "iconUrl", "backgroundImage"})
_DROP = object()


def clean(text: str, limit: int = LONG) -> str:
    """`text` on one line, at most `limit` characters, without control or direction characters."""
    if not text.isprintable():
        text = _UNWANTED.sub("", _SPACE.sub(" ", text))
    text = _SPACE.sub(" ", text).strip()
    return text if len(text) <= limit else _DANGLING.sub("", text[: limit - 1]).rstrip() + "…"


def hide(text: str) -> str:
    """`text`, cleaned, as a token that neither JSON, Jinja nor Markdown can misread."""
    return f"{_OPEN}{clean(text, _LONGEST).encode().hex()}{_CLOSE}"


def is_marked(text: str) -> bool:
    """Whether `text` holds one of the two characters that only tokens may hold."""
    return _OPEN in text or _CLOSE in text


def escape(value: str) -> str:
    """`value` as Markdown that shows exactly `value`, also at the start of a line.

    Teams renders the CommonMark subset of
    https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
    """
    escaped = _MARKUP.sub(r"\\\g<0>", value)
    if _LINE_MARKUP.match(value) and not escaped.startswith("\\"):
        return f"\\{escaped}"
    return _LINE_NUMBER.sub(r"\1\\\2", escaped, count=1) if _LINE_NUMBER.match(value) else escaped


def https_url(text: str) -> str | None:
    """The address when it is https with a real host name and no user name in it, else None."""
    if len(text) > _LONGEST or not text.isprintable() or _NOT_IN_URL.search(text):
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    return quote(text, safe="%/:?#[]@!$&'*+,;=-._~")


def plain(text: str, rtl: bool = False) -> str:
    """`text` with every hidden value shown as it is, for places that know no Markdown.

    In a sentence from right to left each is isolated, as in `markdown`.
    """
    if _OPEN not in text:
        return text
    isolated = rtl and not _TOKEN.fullmatch(text)
    return _TOKEN.sub(lambda token: _isolate(_value(token)) if isolated else _value(token), text)


def markdown(text: str, rtl: bool = False) -> str:
    """`text` with every hidden value shown as text, whatever Markdown surrounds it.

    A value that may run the other way than the sentence is isolated, so that it cannot reorder
    its neighbours (https://www.w3.org/TR/i18n-html-tech-bidi/). In a card from right to left that
    holds for a value by itself too: the question mark of "Lunch?" would stand before it.
    """
    if _OPEN not in text:
        return text
    pieces, at = [], 0
    for token in _TOKEN.finditer(text):
        before = text[at : token.start()]
        pieces.append(f"{before[:-1]}\\<" if before.endswith("<") else before)
        pieces.append(_shown(_value(token), text, token, rtl))
        at = token.end()
    return "".join([*pieces, text[at:]])


def url(text: str) -> str | None:
    """The https address that `text` spells with its hidden values, or None.

    A value alone may be a whole address; inside one it is percent-encoded and never the host.
    """
    if _OPEN not in text:
        return https_url(text)
    if _TOKEN.fullmatch(text):
        return https_url(plain(text))
    if not re.match(r"https://[^/\ufdd0]+/", text):
        return None
    return https_url(_TOKEN.sub(lambda token: quote(_value(token), safe=""), text))


def reveal(card: dict[str, Any], rtl: bool = False) -> dict[str, Any]:
    """The card with every hidden value revealed; what links to a doubtful address is left out."""
    revealed: dict[str, Any] = _revealed_object(card, rtl)
    return revealed


def _value(token: re.Match[str]) -> str:
    return bytes.fromhex(token[1]).decode()


def _isolate(shown: str) -> str:
    return f"\u2068{shown}\u2069"


def _shown(value: str, text: str, token: re.Match[str], rtl: bool) -> str:
    before = text[: token.start()]
    if target := _LINK_TARGET.search(before):
        whole = target[0].lstrip("]").lstrip("(:< ") == ""
        return (https_url(value) or "") if whole else quote(value, safe="")
    alone = token.span() == (0, len(text))
    isolated = rtl or (not alone and _RIGHT_TO_LEFT.search(value))
    shown = _isolate(escape(value)) if isolated else escape(value)
    follows = text[token.end() : token.end() + 1]
    return f"{shown}\\" if value.isdigit() and follows in {".", ")"} else shown


def _revealed(node: Any, rtl: bool, fact: bool = False) -> Any:
    if isinstance(node, dict):
        return _revealed_object(node, rtl, fact)
    if isinstance(node, list):
        items = [_revealed(item, rtl, fact) for item in node]
        return [item for item in items if item is not _DROP]
    return plain(node) if isinstance(node, str) else node


def _revealed_object(node: Mapping[str, Any], rtl: bool, fact: bool = False) -> Any:
    is_text = node.get("type") == "TextBlock"
    revealed = {}
    for key, value in node.items():
        if key in _LINKED and isinstance(value, str):
            shown = url(value) or _DROP
        elif isinstance(value, str):
            knows_markdown = (is_text and key == "text") or (fact and key in {"title", "value"})
            shown = markdown(value, rtl) if knows_markdown else plain(value)
        else:
            shown = (
                _revealed_data(value) if key == "data" else _revealed(value, rtl, key == "facts")
            )
        emptied = shown == [] and value != []
        if (shown is _DROP and key == "url") or (emptied and node.get("type") != "AdaptiveCard"):
            return _DROP
        if shown is not _DROP and not emptied:
            revealed[key] = shown
    return revealed


def _revealed_data(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _revealed_data(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_revealed_data(value) for value in node]
    return plain(node) if isinstance(node, str) else node
