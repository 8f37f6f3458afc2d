"""Build the Teams app package from the manifest template and an organisation's values.

Rules: learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema.
"""

import io
import ipaddress
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from onboarding.clouds import LOOPBACK, is_loopback
from onboarding.errors import BadInput

MANIFEST = Path(__file__).parents[2] / "manifest"

_GUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NO_GUID = "00000000-0000-0000-0000-000000000000"
_VERSION = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}")
_RESERVED = re.compile(r"\bteams\b|microsoft", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class PackageValues:
    """What differs from one organisation to the next. Raises BadInput that names every mistake.

    Ids are GUIDs; `public_url` is https and only a host (with or without a port); `version` is
    three numbers and must rise with each upload; names without "Teams" and "Microsoft".
    `simulated` accepts loopback addresses, for the local simulator alone.
    """

    teams_app_id: str
    client_id: str
    public_url: str
    version: str
    developer_name: str
    website_url: str
    privacy_url: str
    terms_url: str
    app_name_short: str | None = None
    app_name_full: str | None = None
    simulated: bool = False

    def __post_init__(self) -> None:
        mistakes = [f"{field} {problem}." for field, problem in _problems(self).items() if problem]
        if mistakes:
            raise BadInput("\n".join(mistakes), "Correct this, then build the package again.")


def build(values: PackageValues, folder: Path = MANIFEST) -> bytes:
    """The package as a zip, the same bytes for the same input. Raises BadInput.

    `folder` holds manifest.template.json and the icons and languages that it names.
    """
    manifest = _filled(folder / "manifest.template.json", values)
    names = _names(values)
    manifest["name"] = {**manifest.get("name", {}), **names}
    files = {"manifest.json": _text(manifest)}
    files |= {icon: _read(folder / icon) for icon in icons(manifest)}
    for language in languages(manifest):
        words = _filled(folder / language, values)
        files[language] = _text(words | {f"name.{key}": name for key, name in names.items()})
    return _zipped(files)


def icons(manifest: Mapping[str, Any]) -> list[str]:
    """The icon files that a manifest names."""
    match manifest:
        case {"icons": dict(named)}:
            return [str(file) for file in named.values()]
        case _:
            return []


def languages(manifest: Mapping[str, Any]) -> list[str]:
    """The language files that a manifest names."""
    match manifest:
        case {"localizationInfo": {"additionalLanguages": list(entries)}}:
            return [str(entry.get("file")) for entry in entries if isinstance(entry, dict)]
        case _:
            return []


def id_problem(text: str) -> str:
    """Why this cannot be an app's id; empty when it can."""
    fine = text != _NO_GUID and _GUID.fullmatch(text)
    return "" if fine else "must be a GUID such as 5a0c5e4b-…, and not all zeros"


def version_problem(text: str) -> str:
    """Why Teams would refuse this as the app's version; empty when it would not."""
    fine = _VERSION.fullmatch(text)
    return "" if fine else "must be three numbers such as 1.0.0, without leading zeros"


def name_problem(name: str, longest: int = 100) -> str:
    """Why this cannot be the app's name of at most `longest` characters; empty when it can."""
    reserved = 'must not contain "Teams" or "Microsoft"' if _RESERVED.search(name) else ""
    return _length_problem(name, longest) or reserved


def url_problem(url: str, simulated: bool) -> str:
    """Why the manifest cannot link to this page; empty when it can."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "may hold ASCII letters only, and no blanks (write other letters encoded)"
    if is_loopback(url) and parts.scheme in ("http", "https"):
        return "" if simulated else "is a loopback address, which nobody else can open"
    if parts.scheme != "https" or not parts.hostname:
        return "must be an https URL"
    return "must not hold a user name or password" if parts.username is not None else ""


def host_problem(host: str, simulated: bool) -> str:
    """Why Teams cannot reach the bot at this host; empty when it can."""
    if not _HOST.fullmatch(host):
        return "must name one host, without a star, scheme or port"
    if host in LOOPBACK:
        return "" if simulated else "is a loopback address, which Teams cannot reach"
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        public = "." in host and not host.endswith((".localhost", ".local", ".internal"))
    return "" if public else "names a host that Teams cannot reach from the internet"


def _problems(values: PackageValues) -> dict[str, str]:
    short, full = values.app_name_short, values.app_name_full
    return {
        "teams_app_id": id_problem(values.teams_app_id),
        "client_id": id_problem(values.client_id),
        "public_url": _site_problem(values.public_url, values.simulated),
        "version": version_problem(values.version),
        "developer_name": _length_problem(values.developer_name, 32),
        "website_url": url_problem(values.website_url, values.simulated),
        "privacy_url": url_problem(values.privacy_url, values.simulated),
        "terms_url": url_problem(values.terms_url, values.simulated),
        "app_name_short": "" if short is None else name_problem(short, 30),
        "app_name_full": "" if full is None else name_problem(full),
    }


def _length_problem(text: str, longest: int) -> str:
    return "" if 1 <= len(text.strip()) <= longest else f"must have 1 to {longest} characters"


def _site_problem(url: str, simulated: bool) -> str:
    if problem := url_problem(url, simulated):
        return problem
    parts = urlsplit(url)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return "must end after the host: no path, no query"
    return host_problem(parts.hostname or "", simulated)


def _names(values: PackageValues) -> dict[str, str]:
    names = {
        "short": values.app_name_short,
        "full": values.app_name_full or values.app_name_short,
    }
    return {key: name for key, name in names.items() if name}


def _filled(path: Path, values: PackageValues) -> dict[str, Any]:
    blanks = asdict(values) | {"host": urlsplit(values.public_url).hostname}
    try:
        filled = _fill(json.loads(_read(path)), blanks)
    except ValueError as error:
        raise BadInput(f"{path} is not usable: {error}.", "Restore or correct it.") from None
    except KeyError as error:
        raise BadInput(f"{path} asks for the unknown value {error}.", "Correct it.") from None
    if not isinstance(filled, dict):
        raise BadInput(f"{path} must hold one JSON object.", "Restore or correct it.")
    return filled


def _fill(node: Any, blanks: Mapping[str, Any]) -> Any:
    match node:
        case str():
            return Template(node).substitute(blanks)
        case list():
            return [_fill(item, blanks) for item in node]
        case dict():
            return {key: _fill(item, blanks) for key, item in node.items()}
        case _:
            return node


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", "Restore the file.") from None


def _text(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    # Stored, not deflated: compressors differ between machines, and these are few kilobytes.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
