"""Check a Teams app package before an administrator uploads it.

Rules: Microsoft's schemas in manifest/schemas; beyond them
learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package (files, languages).
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding.package.build import (
    MANIFEST,
    host_problem,
    icons,
    id_problem,
    languages,
    name_problem,
    url_problem,
    version_problem,
)
from onboarding.package.png import icon_problem

_SCHEMA = MANIFEST / "schemas" / "MicrosoftTeams.v1.30.schema.json"
_WORDS_SCHEMA = MANIFEST / "schemas" / "MicrosoftTeams.Localization.v1.30.schema.json"
_TRANSLATED = re.compile(
    r"(name|description)\.(short|full)|bots\[0\]\..*\.description|staticTabs\[[0-9]+\]\.name"
)
_MAX_FILE = 1024 * 1024  # bytes; manifest, icons and languages together need about 20 KB


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a package that Teams or its administrators would stumble over."""

    file: str
    field: str
    problem: str
    remedy: str


def check(package: bytes, *, simulated: bool = False) -> list[Finding]:
    """Everything wrong with a package, in words; empty when it can be uploaded.

    `simulated` accepts loopback hosts.
    """
    try:
        files = _unzipped(package)
        manifest = _parsed(files, "manifest.json")
    except _Unusable as unusable:
        return [unusable.finding]
    return [
        *_layout(files, manifest),
        *_by_schema(_SCHEMA, "manifest.json", manifest),
        *_values(manifest, simulated),
        *_domains(manifest, simulated),
        *_bot(manifest),
        *_icon(files, manifest, "color"),
        *_icon(files, manifest, "outline"),
        *(found for file in languages(manifest) for found in _language(files, manifest, file)),
    ]


class _Unusable(Exception):
    """A finding after which nothing more can be said about the file."""

    def __init__(self, file: str, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.finding = Finding(file, "", problem, remedy)


def _unzipped(package: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            entries = archive.infolist()
            if len(entries) != len(set(archive.namelist())):
                raise ValueError("a file is in it twice")
            return {entry.filename: _entry(archive, entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        problem = f"The zip cannot be read: {error}."
        raise _Unusable("", problem, "Build the package anew.") from None


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > _MAX_FILE:
        raise _Unusable(entry.filename, "The file is larger than 1 MB.", "Make it smaller.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("it is packed in a way that Teams does not know")
    return archive.read(entry)


def _parsed(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    if name not in files:
        raise _Unusable(name, "The file is missing.", "Put it at the root of the zip.")
    try:
        document = json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise _Unusable(name, f"It is not JSON: {error}.", "Correct the file.") from None
    if not isinstance(document, dict):
        raise _Unusable(name, "It is not a JSON object.", "Begin it with { and end it with }.")
    return document


def _layout(files: Mapping[str, bytes], manifest: dict[str, Any]) -> Iterator[Finding]:
    named = {"manifest.json", *icons(manifest), *languages(manifest)}
    for name in files:
        if "/" in name or "\\" in name:
            yield Finding(name, "", "It lies in a folder.", "Move it to the root of the zip.")
        elif name not in named:
            yield Finding(name, "", "The manifest does not name it.", "Remove it from the zip.")


def _by_schema(schema: Path, file: str, document: dict[str, Any]) -> Iterator[Finding]:
    # Imported here because most commands never look at a package.
    from jsonschema import Draft202012Validator

    # The schemas call themselves draft 4, which knows no `const` (the manifest version is one) and
    # passes over a length that stands beside a `$ref`. Draft 2020-12 judges both.
    rules = json.loads(schema.read_bytes())
    remedy = "Follow the schema of manifest version 1.30."
    try:
        for error in Draft202012Validator(rules).iter_errors(document):
            yield Finding(file, _field(error.absolute_path), f"{error.message[:300]}.", remedy)
    except re.error as error:
        # Microsoft writes its patterns for JavaScript; one of them (extensions) is not Python.
        problem = f"The schema cannot judge all of it here: {error}."
        yield Finding(file, "", problem, "Validate it in the Developer Portal too.")


def _field(path: Iterable[str | int]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _wrong(field: str, problem: str, remedy: str) -> Finding:
    return Finding("manifest.json", field, problem, remedy)


def _values(manifest: dict[str, Any], simulated: bool) -> Iterator[Finding]:
    developer, name = manifest.get("developer"), manifest.get("name")
    problems = {
        "id": id_problem(_said(manifest, "id")),
        "bots[0].botId": id_problem(_said(manifest, "bots", 0, "botId")),
        "version": version_problem(_said(manifest, "version")),
        "developer.websiteUrl": url_problem(_said(developer, "websiteUrl"), simulated),
        "developer.privacyUrl": url_problem(_said(developer, "privacyUrl"), simulated),
        "developer.termsOfUseUrl": url_problem(_said(developer, "termsOfUseUrl"), simulated),
        "name.short": name_problem(_said(name, "short")),
        "name.full": name_problem(_said(name, "full")),
    }
    for field, problem in problems.items():
        if problem:
            yield _wrong(field, f"It {problem}.", "Correct the value, then build the package anew.")


def _at(node: Any, *path: str | int) -> Any:
    for key in path:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return None
    return node


def _said(node: Any, *path: str | int) -> str:
    found = _at(node, *path)
    return found if isinstance(found, str) else ""


def _list(node: Any, *path: str | int) -> list[Any]:
    found = _at(node, *path)
    return found if isinstance(found, list) else []


def _domains(manifest: dict[str, Any], simulated: bool) -> Iterator[Finding]:
    domains = [str(domain) for domain in _list(manifest, "validDomains")]
    for domain in domains:
        if problem := host_problem(domain, simulated):
            yield _wrong("validDomains", f"{domain} {problem}.", "Write the public host alone.")
    client = _at(manifest, "webApplicationInfo", "id")
    resource = _at(manifest, "webApplicationInfo", "resource")
    if resource not in [f"api://{domain}/botid-{client}" for domain in domains]:
        yield _wrong(
            "webApplicationInfo.resource",
            "It does not name a valid domain and the application id.",
            "Write api://HOST/botid-CLIENT_ID, with the host that validDomains lists.",
        )


def _bot(manifest: dict[str, Any]) -> Iterator[Finding]:
    bot, client = _at(manifest, "bots", 0), _at(manifest, "webApplicationInfo", "id")
    if client is None or client != _at(bot, "botId"):
        yield _wrong(
            "webApplicationInfo.id",
            "It is not the bot's id, so Graph will not let the app install itself for people.",
            "Write the application (client) id of the one registration in both places.",
        )
    scopes = _list(bot, "scopes")
    for scope in ("personal", "team"):
        if scope not in scopes:
            yield _wrong("bots[0].scopes", f"The {scope} scope is missing.", f"Add {scope}.")
    if manifest.get("defaultInstallScope", "personal") not in scopes:
        yield _wrong("defaultInstallScope", "The bot has no such scope.", "Write personal.")
    for permission in _list(manifest, "authorization", "permissions", "resourceSpecific"):
        if (name := _said(permission, "name")).endswith(".User"):
            yield _wrong(
                "authorization.permissions.resourceSpecific",
                f"{name} makes every install need a stronger Graph permission.",
                "Remove it, or grant TeamsAppInstallation.ReadWriteAndConsentSelfForUser.All.",
            )


def _icon(files: Mapping[str, bytes], manifest: dict[str, Any], kind: str) -> Iterator[Finding]:
    file = _said(manifest, "icons", kind)
    if file not in files:
        yield Finding(file, f"icons.{kind}", "The file is missing.", "Add it to the root.")
    elif problem := icon_problem(files[file], kind):
        remedy = "Draw it anew (color 192 × 192, outline 32 × 32) as an 8-bit RGB or RGBA PNG."
        yield Finding(file, f"icons.{kind}", f"The icon {problem}.", remedy)


def _language(files: Mapping[str, bytes], manifest: dict[str, Any], file: str) -> Iterator[Finding]:
    try:
        words = _parsed(files, file)
    except _Unusable as unusable:
        yield unusable.finding
        return
    yield from _by_schema(_WORDS_SCHEMA, file, words)
    sentences = set(_sentences(manifest))
    for key in sorted(key for key in sentences - set(words) if _TRANSLATED.fullmatch(key)):
        yield Finding(file, key, "It is not translated.", "Add it in this language.")
    for key in sorted(set(words) - sentences - {"$schema"}):
        yield Finding(file, key, "The manifest has no such text.", "Remove or correct the key.")
    for key in ("name.short", "name.full"):
        if key in words and (problem := name_problem(_said(words, key))):
            yield Finding(file, key, f"The name {problem}.", "Choose another name.")


def _sentences(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    if isinstance(node, str):
        yield _field(path)
    elif isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _sentences(item, (*path, key))
