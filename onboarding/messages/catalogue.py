"""The messages that there are: read once from the template folder, and then only looked up."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Template, TemplateError

from onboarding.errors import BadInput
from onboarding.messages import sandbox, words
from onboarding.messages.safety import is_marked
from onboarding.messages.words import Lines

SHARED = "shared"
_CARD = "card.json.j2"
_AUDIENCES = ("person", "team", "group")
_OCCASIONS = ("unasked", "answer")
_IMPORTANCES = ("normal", "high")


@dataclass(frozen=True, slots=True)
class About:
    """What a message is for. `occasion` is `unasked` for what the bot starts on its own."""

    title: str
    purpose: str
    audience: str
    occasion: str
    importance: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One folder of templates. `version` changes with every change that can alter its cards."""

    name: str
    about: About
    words: Mapping[str, Lines] = field(repr=False)
    structure: Template = field(repr=False)
    version: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All messages by name, the words that they share by language, and the files they came from."""

    messages: Mapping[str, Message] = field(repr=False)
    shared: Mapping[str, Lines] = field(repr=False)
    default_locale: str
    files: Mapping[str, str] = field(repr=False)


def load(folder: Path, default_locale: str = "en") -> Catalogue:
    """Every message below `folder`: each sub-folder that holds an `about.toml`.

    BadInput names the file, and the line where there is one, of whatever is missing or broken.
    """
    files = _files(folder)
    names = sorted({name.split("/")[0] for name in files if name.count("/")} - {SHARED})
    structures = {name: text for name, text in files.items() if name.endswith(".j2")}
    environment = sandbox.for_structure(structures)
    shared = _words(files, SHARED)
    messages = {
        name: _message(files, name, environment) for name in names if _is_message(files, name)
    }
    if not messages:
        raise BadInput(f"No message in {folder}.", "Point to the folder that holds welcome/.")
    for name in (SHARED, *messages):
        if f"{name}/words/{default_locale}.toml" not in files:
            problem = f"{name}/words/{default_locale}.toml is missing."
            raise BadInput(problem, f"Every message needs words in {default_locale}.")
    return Catalogue(MappingProxyType(messages), MappingProxyType(shared), default_locale, files)


def get(catalogue: Catalogue, name: str) -> Message:
    """The message of this name; BadInput lists the names that there are."""
    if message := catalogue.messages.get(name):
        return message
    known = ", ".join(catalogue.messages)
    raise BadInput(f"There is no message {name!r}.", f"Choose one of: {known}.")


def _files(folder: Path) -> Mapping[str, str]:
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder.", "Point to the folder of the messages.")
    paths = [*folder.glob("*/*.toml"), *folder.glob("*/*.json.j2"), *folder.glob("*/words/*.toml")]
    return {path.relative_to(folder).as_posix(): _text(path) for path in sorted(paths)}


def _text(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}.", "Save it as UTF-8 text.") from error
    if is_marked(text):
        raise BadInput(f"{path} holds a noncharacter.", "Remove U+FDD0 and U+FDD1 from it.")
    return text


def _is_message(files: Mapping[str, str], name: str) -> bool:
    if f"{name}/about.toml" in files:
        return True
    if f"{name}/{_CARD}" in files:
        raise BadInput(f"{name}/about.toml is missing.", "Say there what the message is for.")
    return False


def _message(files: Mapping[str, str], name: str, environment: sandbox.Sandbox) -> Message:
    if f"{name}/{_CARD}" not in files:
        raise BadInput(f"{name}/{_CARD} is missing.", "It holds the structure of the card.")
    try:
        structure = environment.get_template(f"{name}/{_CARD}")
    except TemplateError as error:
        line = getattr(error, "lineno", 1)
        raise BadInput(f"{name}/{_CARD}, line {line}: {error}.", "Mend the template.") from error
    return Message(
        name=name,
        about=_about(files[f"{name}/about.toml"], f"{name}/about.toml"),
        words=MappingProxyType(_words(files, name)),
        structure=structure,
        version=_version(files, name),
    )


def _words(files: Mapping[str, str], name: str) -> dict[str, Lines]:
    environment = sandbox.for_words()
    start = f"{name}/words/"
    return {
        file.removeprefix(start).removesuffix(".toml"): words.read(text, file, environment)
        for file, text in files.items()
        if file.startswith(start)
    }


def _about(text: str, file: str) -> About:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{file}: {error}.", "Mend the TOML of this line.") from error
    return About(
        title=_said(table, "title", file),
        purpose=_said(table, "purpose", file),
        audience=_chosen(table, "audience", _AUDIENCES, file),
        occasion=_chosen(table, "occasion", _OCCASIONS, file),
        importance=_chosen(table, "importance", _IMPORTANCES, file),
        variables=tuple(str(variable) for variable in table.get("variables", [])),
    )


def _said(table: Mapping[str, Any], key: str, file: str) -> str:
    value = table.get(key)
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise BadInput(f"{file}: {key} is missing.", f'Add {key} = "…" to it.')


def _chosen(table: Mapping[str, Any], key: str, choices: tuple[str, ...], file: str) -> str:
    value = _said(table, key, file)
    if value in choices:
        return value
    raise BadInput(f"{file}: {key} is {value!r}.", f"Choose one of: {', '.join(choices)}.")


def _version(files: Mapping[str, str], name: str) -> str:
    digest = sha256()
    for file, text in files.items():
        if file.split("/")[0] in (name, SHARED):
            digest.update(f"{file}\0{text}\0".encode())
    return digest.hexdigest()[:12]
