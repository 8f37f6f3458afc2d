"""Contoso's package, and ways to spoil it."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from onboarding.package.build import PackageValues, build

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "manifest"

CONTOSO = PackageValues(
    teams_app_id="0d9a4c2e-7c1f-4c3b-9a51-2f1f8c6f4b10",
    client_id="8e5b7d6c-3a2f-4e19-8d77-6b0c1a9e2f35",
    public_url="https://bot.contoso.com",
    version="1.4.2",
    developer_name="Contoso People Team",
    website_url="https://www.contoso.com/onboarding",
    privacy_url="https://www.contoso.com/onboarding/privacy",
    terms_url="https://www.contoso.com/onboarding/terms",
)


def with_values(**changes: Any) -> PackageValues:
    return replace(CONTOSO, **changes)


def unpacked(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def document(package: bytes, file: str = "manifest.json") -> dict[str, Any]:
    return json.loads(unpacked(package)[file])


def spoiled(change: Callable[[Any], object], file: str = "manifest.json") -> bytes:
    """Contoso's package after `change` was applied to one of its JSON files."""
    files = unpacked(build(CONTOSO))
    spoilt = json.loads(files[file])
    change(spoilt)
    return packed(files | {file: json.dumps(spoilt).encode()})
