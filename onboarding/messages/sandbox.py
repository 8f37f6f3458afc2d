"""The two Jinja environments: one for words, one for the structure of a card.

Both hide whatever an expression yields; only the text of a template file stays as it is.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from jinja2 import DictLoader, StrictUndefined, TemplateRuntimeError
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from onboarding.messages.safety import hide
from onboarding.messages.variables import Missing
from onboarding.messages.words import Words

_FILTERS = ("capitalize", "first", "join", "last", "length", "lower", "title", "trim", "upper")


class Fragment(str):
    """JSON text that our own code made."""

    __slots__ = ()


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without Python: a template reads items of the context and nothing behind them."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, finalize: Callable[[Any], str], files: Mapping[str, str]) -> None:
        super().__init__(
            loader=DictLoader(files),
            undefined=StrictUndefined,
            finalize=finalize,
            autoescape=False,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals = {"button": button}
        self.filters = {name: FILTERS[name] for name in _FILTERS} | {"default": _default}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument]
        except (TypeError, LookupError):
            return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"{operator} is not for templates")


def for_words() -> Sandbox:
    """Renders lines of words: text in which values are hidden."""
    return Sandbox(_in_words, {})


def for_structure(files: Mapping[str, str]) -> Sandbox:
    """Renders `card.json.j2`: JSON in which values are hidden. `files` may be included."""
    return Sandbox(_in_structure, files)


def button(title: str, verb: str, tooltip: str = "", **data: Any) -> Fragment:
    """An Action.Execute that sends `{"verb": verb, **data}`, and the same for old clients.

    Teams wants the Submit as fallback where universal actions are not known:
    https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards/work-with-universal-actions-for-adaptive-cards
    """
    sent = {"verb": Words(verb)} | data
    name = f"{verb}-{data['step']}" if "step" in data else verb
    old = {"type": Words("Action.Submit"), "title": title, "data": sent}
    action = {
        "type": Words("Action.Execute"),
        "id": name,
        "title": title,
        "verb": Words(verb),
        "data": sent,
        "fallback": old,
    } | ({"tooltip": tooltip} if tooltip else {})
    return Fragment(json.dumps(_hidden(action), ensure_ascii=False))


def _in_words(value: Any) -> str:
    return value if isinstance(value, Words) else hide(_said(value))


def _in_structure(value: Any) -> str:
    if isinstance(value, Fragment):
        return value
    if isinstance(value, Words):
        return json.dumps(value, ensure_ascii=False)[1:-1]
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return hide(_said(value))


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if value is None or isinstance(value, Words | bool | int | float):
        return value
    return hide(_said(value))


def _said(value: Any) -> str:
    if isinstance(value, str | int | float | date | Missing | Undefined):
        return str(value)
    raise TemplateRuntimeError(f"{type(value).__name__} cannot be shown")


def _default(value: Any, other: Any = "", falsy: bool = False) -> Any:
    absent = isinstance(value, Missing | Undefined) or (falsy and not value)
    return other if absent else value
