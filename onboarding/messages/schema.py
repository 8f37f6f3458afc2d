"""The part of the Adaptive Card schema 1.5 that Teams renders and our cards may use, as tables.

Source: https://adaptivecards.io/explorer/, less what Teams leaves out:
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference
"""

import json
from collections.abc import Callable
from typing import Any

from onboarding.messages.safety import https_url, is_marked

MOST_ACTIONS = 6

Check = Callable[[Any], str | None]
"""What is wrong with a value, or None."""


def type_of(node: Any, silent: str = "") -> str:
    """The type that an object says, or `silent` for the few kinds that need not say theirs."""
    if not isinstance(node, dict):
        return "something that is no object"
    return str(node.get("type") or silent or "an object without type")


def _are(check: Check, *names: str) -> dict[str, Check]:
    return dict.fromkeys(names, check)


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "is not text"
    return "holds a hidden value" if is_marked(value) else None


def _maybe_text(value: Any) -> str | None:
    return None if value == "" else _text(value)


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "is not true or false"


def _number(value: Any) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if is_number else "is not a number"


def _pixels(value: Any) -> str | None:
    is_pixels = isinstance(value, str) and value.endswith("px") and value[:-2].isdigit()
    return None if is_pixels else "is not a size like 40px"


def _link(value: Any) -> str | None:
    return None if isinstance(value, str) and https_url(value) else "is not an https address"


def _data(value: Any) -> str | None:
    if not isinstance(value, dict) or _text(value.get("verb")):
        return "does not hold a verb"
    return "holds a hidden value" if is_marked(json.dumps(value, ensure_ascii=False)) else None


def _object(value: Any) -> str | None:
    return None if isinstance(value, dict) else "is not an object"


def _targets(value: Any) -> str | None:
    return None if isinstance(value, list) and value else "is not a list of ids"


def _chosen(*choices: str) -> Check:
    lower = {choice.lower() for choice in choices}

    def check(value: Any) -> str | None:
        good = isinstance(value, str) and value.lower() in lower
        return None if good else f"is {value!r} and not one of {', '.join(choices)}"

    return check


def _either(first: Check, second: Check) -> Check:
    return lambda value: first(value) and second(value)


def _one(*types: str) -> Check:
    return lambda value: None if type_of(value) in types else f"is not {' or '.join(types)}"


def _list(*types: str, silent: str = "") -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list) or not value:
            return "is not a list with something in it"
        wrong = [kind for item in value if (kind := type_of(item, silent)) not in types]
        return f"holds {', '.join(wrong)}" if wrong else None

    return check


def _buttons(value: Any) -> str | None:
    if isinstance(value, list) and len(value) > MOST_ACTIONS:
        return f"has {len(value)} actions, more than {MOST_ACTIONS}"
    return _list(*_ACTIONS)(value)


_ACTIONS = (
    "Action.Execute",
    "Action.Submit",
    "Action.OpenUrl",
    "Action.ShowCard",
    "Action.ToggleVisibility",
)
_INPUTS = (
    "Input.Text",
    "Input.Number",
    "Input.Date",
    "Input.Time",
    "Input.Toggle",
    "Input.ChoiceSet",
)
_ELEMENTS = (
    *("TextBlock", "RichTextBlock", "FactSet", "Image", "ImageSet"),
    *("Container", "ColumnSet", "ActionSet"),
    *_INPUTS,
)

_ALIGN = _chosen("left", "center", "right")
_VERTICAL = _chosen("top", "center", "bottom")
_FIT = _chosen("auto", "stretch")
_IMAGE_SIZE = _chosen("auto", "stretch", "small", "medium", "large")
_ANY = {
    "id": _text,
    "isVisible": _flag,
    "separator": _flag,
    "spacing": _chosen("none", "small", "default", "medium", "large", "extraLarge", "padding"),
    "height": _either(_FIT, _pixels),
    "fallback": _either(_chosen("drop"), _one(*_ELEMENTS)),
}
_FONT = {
    "text": _text,
    "size": _chosen("small", "default", "medium", "large", "extraLarge"),
    "weight": _chosen("lighter", "default", "bolder"),
    "color": _chosen("default", "dark", "light", "accent", "good", "warning", "attention"),
    "isSubtle": _flag,
    "fontType": _chosen("default", "monospace"),
}
_BOX = {
    "style": _chosen("default", "emphasis", "accent", "good", "warning", "attention"),
    **_are(_flag, "bleed", "rtl"),
    "minHeight": _pixels,
    "verticalContentAlignment": _VERTICAL,
    "selectAction": _one(*_ACTIONS),
}
_INPUT = _ANY | _are(_text, "label", "errorMessage") | _are(_flag, "isRequired")
_RANGE = _are(_text, "value", "min", "max", "placeholder")
_ACTION = {
    **_are(_text, "id", "title", "tooltip"),
    "isEnabled": _flag,
    "iconUrl": _link,
    "style": _chosen("default", "positive", "destructive"),
    "mode": _chosen("primary", "secondary"),
}
_SENDS = {"data": _data, "associatedInputs": _chosen("auto", "none")}

FIELDS: dict[str, dict[str, Check]] = {
    "AdaptiveCard": {
        "version": _chosen("1.2", "1.3", "1.4", "1.5"),
        **_are(_text, "$schema", "lang", "fallbackText", "speak"),
        "rtl": _flag,
        "body": _list(*_ELEMENTS),
        "actions": _buttons,
        "msteams": _object,
        "minHeight": _pixels,
        "verticalContentAlignment": _VERTICAL,
    },
    "TextBlock": _ANY
    | _FONT
    | {
        "wrap": _flag,
        "maxLines": _number,
        "horizontalAlignment": _ALIGN,
        "style": _chosen("default", "heading"),
    },
    "RichTextBlock": _ANY
    | {"inlines": _list("TextRun", silent="TextRun"), "horizontalAlignment": _ALIGN},
    "TextRun": _FONT
    | _are(_flag, "italic", "strikethrough", "underline", "highlight")
    | {"selectAction": _one(*_ACTIONS)},
    "FactSet": _ANY | {"facts": _list("Fact", silent="Fact")},
    "Fact": _are(_text, "title", "value"),
    "Image": _ANY
    | {
        "url": _link,
        "altText": _text,
        "size": _IMAGE_SIZE,
        "width": _pixels,
        "style": _chosen("default", "person"),
        "horizontalAlignment": _ALIGN,
        "selectAction": _one(*_ACTIONS),
    },
    "ImageSet": _ANY | {"images": _list("Image", silent="Image"), "imageSize": _IMAGE_SIZE},
    "Container": _ANY | _BOX | {"items": _list(*_ELEMENTS)},
    "ColumnSet": _ANY
    | _BOX
    | {"columns": _list("Column", silent="Column"), "horizontalAlignment": _ALIGN},
    "Column": _ANY
    | _BOX
    | {"items": _list(*_ELEMENTS), "width": _either(_FIT, _either(_pixels, _number))},
    "ActionSet": _ANY | {"actions": _buttons},
    "Input.Text": _INPUT
    | _are(_text, "placeholder", "regex")
    | {
        "value": _maybe_text,
        "isMultiline": _flag,
        "maxLength": _number,
        "style": _chosen("text", "tel", "url", "email"),
    },
    "Input.Number": _INPUT | _are(_number, "value", "min", "max") | {"placeholder": _text},
    "Input.Date": _INPUT | _RANGE,
    "Input.Time": _INPUT | _RANGE,
    "Input.Toggle": _INPUT | _are(_text, "title", "value", "valueOn", "valueOff") | {"wrap": _flag},
    "Input.ChoiceSet": _INPUT
    | _are(_flag, "isMultiSelect", "wrap")
    | {
        "choices": _list("Choice", silent="Choice"),
        "value": _maybe_text,
        "placeholder": _text,
        "style": _chosen("compact", "expanded", "filtered"),
    },
    "Choice": _are(_text, "title", "value"),
    "Action.Execute": _ACTION | _SENDS | {"verb": _text, "fallback": _one("Action.Submit")},
    "Action.Submit": _ACTION | _SENDS,
    "Action.OpenUrl": _ACTION | {"url": _link},
    "Action.ShowCard": _ACTION | {"card": _one("AdaptiveCard")},
    "Action.ToggleVisibility": _ACTION | {"targetElements": _targets},
}
"""What each kind of object may hold, and what is checked of it."""

NEEDED: dict[str, tuple[str, ...]] = {
    "AdaptiveCard": ("version", "body"),
    "TextBlock": ("text",),
    "RichTextBlock": ("inlines",),
    "TextRun": ("text",),
    "FactSet": ("facts",),
    "Fact": ("title", "value"),
    "Image": ("url", "altText"),
    "ImageSet": ("images",),
    "Container": ("items",),
    "ColumnSet": ("columns",),
    "ActionSet": ("actions",),
    "Input.Text": ("id", "label"),
    "Input.Number": ("id", "label"),
    "Input.Date": ("id", "label"),
    "Input.Time": ("id", "label"),
    "Input.Toggle": ("id", "title"),
    "Input.ChoiceSet": ("id", "label", "choices"),
    "Choice": ("title", "value"),
    "Action.Execute": ("title", "verb", "data", "fallback"),
    "Action.Submit": ("title", "data"),
    "Action.OpenUrl": ("title", "url"),
    "Action.ShowCard": ("title", "card"),
    "Action.ToggleVisibility": ("title", "targetElements"),
}
"""What each kind of object cannot do without."""

CHILDREN = {
    **dict.fromkeys(("body", "items", "actions", "selectAction"), ""),
    "card": "AdaptiveCard",
    "columns": "Column",
    "facts": "Fact",
    "images": "Image",
    "inlines": "TextRun",
    "choices": "Choice",
}
"""Under which keys further objects stand, and their type where they need not say it."""
