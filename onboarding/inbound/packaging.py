"""`app.py package`: the organisation's settings become a checked Teams app package."""

from pathlib import Path

from onboarding.errors import BadInput
from onboarding.package.build import PackageValues, build
from onboarding.package.check import check
from onboarding.settings import Settings


def write_package(settings: Settings, folder: Path, version: str) -> Path:
    """Build, check and write `onboarding-X.Y.Z.zip`. Raises BadInput that names what is wrong."""
    missing = [name for name in ("teams_app_id", "public_url") if not getattr(settings, name)]
    if missing:
        names = " and ".join(name.upper() for name in missing)
        raise BadInput(f"The package needs {names}.", "Set it, then build the package again.")
    data = build(_values(settings, version))
    findings = check(data, simulated=settings.simulated)
    if findings:
        told = [f"{one.file}, {one.field}: {one.problem} {one.remedy}" for one in findings]
        raise BadInput("\n".join(told), "Correct this, then build the package again.")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"onboarding-{version}.zip"
    file.write_bytes(data)
    return file


def _values(settings: Settings, version: str) -> PackageValues:
    home = (settings.public_url or "").rstrip("/")
    return PackageValues(
        teams_app_id=settings.teams_app_id or "",
        client_id=settings.azure_client_id,
        public_url=home,
        version=version,
        developer_name=settings.company_name or "Human Resources",
        website_url=settings.website_url or home,
        privacy_url=settings.privacy_url or f"{home}/privacy",
        terms_url=settings.terms_url or f"{home}/terms",
        simulated=settings.simulated,
    )
