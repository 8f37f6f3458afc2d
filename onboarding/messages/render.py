"""A message and what is known about its recipient become one Adaptive Card."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale
from jinja2 import TemplateError

from onboarding.errors import BadInput
from onboarding.messages import words
from onboarding.messages.catalogue import Catalogue, Message, get
from onboarding.messages.safety import plain, reveal
from onboarding.messages.variables import known

_LAST_COMMA = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|,(?=\s*[\]}])')
_FALLBACK = "fallback."


@dataclass(frozen=True, slots=True)
class Rendered:
    """A card and what goes with it: `summary` is the notification's text without Markdown,
    `locale` the language of the words, `version` the message's content hash."""

    card: dict[str, Any]
    summary: str
    locale: str
    message: str
    version: str


def render(
    catalogue: Catalogue, name: str, context: Mapping[str, Any], locale: str | None = None
) -> Rendered:
    """The card of message `name` for `context`, in `locale` or else the person's own.

    Every key of `context` may be absent. BadInput when there is no such message, or when its
    template is broken: file, line and remedy are in it.
    """
    message = get(catalogue, name)
    person = context.get("person")
    wanted = locale or (person.get("locale") if isinstance(person, Mapping) else None)
    tag = words.negotiate(wanted, message.words, catalogue.default_locale)
    grammar = words.babel_locale(tag)
    rtl = grammar.text_direction == "rtl"
    variables = _variables(catalogue, message, tag, wanted, context)
    summary = plain(variables["t"]("summary"), rtl)
    frame = {"type": "AdaptiveCard", "version": "1.5", "lang": grammar.language}
    direction = {"rtl": True} if rtl else {}
    shown = reveal(_card(message, variables), rtl)
    return Rendered(
        card=frame | direction | {"fallbackText": summary} | shown,
        summary=summary,
        locale=tag,
        message=name,
        version=message.version,
    )


def _variables(
    catalogue: Catalogue, message: Message, tag: str, wanted: str | None, context: Mapping[str, Any]
) -> dict[str, Any]:
    books = _books(catalogue, message, tag)
    variables = known(context, _fallbacks(catalogue, tag))
    say = words.speaker(books, variables)
    own = str(variables["person"]["locale"] or "")
    variables |= words.helpers(_regional(tag, wanted, own), variables["today"], say)
    variables["t"] = say
    return variables


def _books(catalogue: Catalogue, message: Message, tag: str) -> list[tuple[words.Lines, Locale]]:
    """The message's own words before the shared ones, the wanted language before the default."""
    tags = dict.fromkeys((tag, catalogue.default_locale))
    return [
        (shelf[tag], words.babel_locale(tag))
        for tag in tags
        for shelf in (message.words, catalogue.shared)
        if tag in shelf
    ]


def _fallbacks(catalogue: Catalogue, tag: str) -> dict[str, str]:
    shelf = catalogue.shared
    lines = shelf[words.negotiate(tag, shelf, catalogue.default_locale)]
    return {
        key.removeprefix(_FALLBACK): line.source
        for key, line in lines.items()
        if key.startswith(_FALLBACK)
    }


def _regional(tag: str, *wishes: str | None) -> Locale:
    """How a date is written: as in the person's own region, if that speaks the words' language."""
    spoken = words.babel_locale(tag)
    for wish in filter(None, wishes):
        own = words.babel_locale(wish)
        if own.language == spoken.language and own.territory:
            return own
    return spoken


def _card(message: Message, variables: Mapping[str, Any]) -> dict[str, Any]:
    file = f"{message.name}/card.json.j2"
    try:
        source = message.structure.render(variables)
        card = json.loads(_LAST_COMMA.sub(_without_last_comma, source))
    except TemplateError as error:
        raise BadInput(
            f"{file}: {error}.", "See templates/README.md for what it may use."
        ) from error
    except json.JSONDecodeError as error:
        around = plain(error.doc[max(error.pos - 40, 0) : error.pos + 20])
        raise BadInput(
            f"{file}: not JSON near {around!r}.", "Mend the card's structure."
        ) from error
    if not isinstance(card, dict):
        raise BadInput(f"{file}: not a JSON object.", "A card is one object with a body.")
    return card


def _without_last_comma(found: re.Match[str]) -> str:
    return "" if found[0] == "," else found[0]
