"""Whether Teams will accept a card, and whether everybody can use it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from onboarding.messages.schema import CHILDREN, FIELDS, NEEDED, type_of

MOST_BYTES = 28 * 1024
"""Teams takes more from a bot, other hosts of the same card do not."""

Placed = tuple[dict[str, Any], str]
"""An object of the card, with its type spelt out, and its path."""


def problems(card: Any) -> list[str]:
    """What is wrong with the card, each with its path; an empty list for a good card."""
    if type_of(card) != "AdaptiveCard":
        return ["card: not an object of type AdaptiveCard"]
    placed = list(_objects(card, "card", ""))
    found = [problem for node, path in placed for problem in _problems(node, path)]
    found += [*_doubles(placed), *_dead_targets(placed)]
    if (size := weight(card)) > MOST_BYTES:
        found.append(f"card: {size} bytes are more than {MOST_BYTES}")
    return found


def weight(card: Mapping[str, Any]) -> int:
    """The card's size in bytes, as JSON in UTF-8."""
    return len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode())


def actions(card: dict[str, Any]) -> list[dict[str, Any]]:
    """Every action of the card, in reading order; fallbacks are not counted."""
    placed = _objects(card, "card", "")
    return [node for node, _ in placed if node["type"].startswith("Action.")]


def _objects(node: dict[str, Any], path: str, silent: str) -> Iterator[Placed]:
    yield node | {"type": type_of(node, silent)}, path
    for key, kind in CHILDREN.items():
        value = node.get(key)
        if isinstance(value, dict):
            yield from _objects(value, f"{path}.{key}", kind)
        for number, child in enumerate(value if isinstance(value, list) else []):
            if isinstance(child, dict):
                yield from _objects(child, f"{path}.{key}[{number}]", kind)


def _problems(node: Mapping[str, Any], path: str) -> Iterator[str]:
    kind = node["type"]
    if kind not in FIELDS:
        yield f"{path}: {kind} is not used in Teams cards of version 1.5"
        return
    for key in NEEDED.get(kind, ()):
        if key not in node:
            yield f"{path}: {kind} needs {key}"
    for key, value in node.items():
        if key != "type":
            yield from _field(kind, key, value, path)
    if kind == "Action.Execute":
        yield from _old_clients(node, path)


def _field(kind: str, key: str, value: Any, path: str) -> Iterator[str]:
    check = FIELDS[kind].get(key)
    if check is None:
        yield f"{path}: {kind} has no {key}"
    elif problem := check(value):
        yield f"{path}.{key}: {problem}"


def _old_clients(node: Mapping[str, Any], path: str) -> Iterator[str]:
    """An old client must be able to say the same as a new one."""
    data, fallback = node.get("data"), node.get("fallback")
    if not isinstance(data, dict) or not isinstance(fallback, dict):
        return
    if data.get("verb") != node.get("verb"):
        yield f"{path}.data: its verb is not the verb of the action"
    if fallback.get("data") != data:
        yield f"{path}.fallback: its data is not the data of the action"
    if type_of(fallback) == "Action.Submit":
        yield from _problems(fallback, f"{path}.fallback")


def _doubles(placed: list[Placed]) -> Iterator[str]:
    seen: set[str] = set()
    for node, path in placed:
        name = str(node.get("id", path))
        if name in seen:
            yield f"{path}.id: {name} is there twice"
        seen.add(name)


def _dead_targets(placed: list[Placed]) -> Iterator[str]:
    names = {node.get("id") for node, _ in placed}
    for node, path in placed:
        targets = node.get("targetElements")
        for target in targets if isinstance(targets, list) else []:
            name = target.get("elementId") if isinstance(target, dict) else target
            if name not in names:
                yield f"{path}.targetElements: there is no {name}"
