"""Languages and time zones as HR writes them."""

import re
import zoneinfo
from collections.abc import Mapping
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global, parse_locale

from onboarding.domain.audience.wording import closest, fold, quoted
from onboarding.errors import BadInput

# Languages whose own names HR writes into a language column ("deutsch", "italiano").
LANGUAGES = "en de es fr it pt nl pl sv da nb fi cs sk hu ro el tr ru uk he ar hi th vi ja ko zh"
# What people write for a zone, although it is only its offset in one half of the year.
ABBREVIATIONS = (
    "cet cest mez mesz Europe/Berlin; wet Europe/Lisbon; eet Europe/Athens; bst Europe/London; "
    "est edt America/New_York; cst cdt America/Chicago; mst mdt America/Denver; "
    "pst pdt America/Los_Angeles; ist Asia/Kolkata; jst Asia/Tokyo"
)


@lru_cache(maxsize=4096)
def read_locale(text: str) -> str:
    """A language tag (BCP 47) in its usual spelling: de, de-DE, zh-Hans-CN."""
    try:
        language, territory, script, *rest = parse_locale(text.replace("_", "-"), sep="-")
    except ValueError:
        raise _unknown_locale(text) from None
    english = Locale("en")
    known = (
        language in english.languages
        and (not territory or territory in english.territories)
        and (not script or script in english.scripts)
        and not any(rest)
    )
    if not known:
        raise _unknown_locale(text)
    return "-".join(part for part in (language, script, territory) if part)


def _unknown_locale(text: str) -> BadInput:
    near = _nearest_locale(text[:60])
    return BadInput(
        f"{quoted(text)} is not a language tag.",
        f"Write {near}." if near else "Write a tag such as en-GB, de-DE, es-ES or fr-FR.",
    )


def _nearest_locale(text: str) -> str | None:
    words = [fold(word) for word in re.split(r"\W+", text)]
    for word in words:
        if word in _tags_by_name():
            return _tags_by_name()[word]
    if len(words) == 2 and words[0] in Locale("en").languages:
        alias = get_global("territory_aliases").get(words[1].upper())
        return f"{words[0]}-{alias[0]}" if alias else _with_territory(words[0])
    return None


@cache
def _tags_by_name() -> Mapping[str, str]:
    """Language names in English, German, Spanish, French and their own tongue, to a full tag."""
    table: dict[str, str] = {}
    for code in LANGUAGES.split():
        for tongue in ("en", "de", "es", "fr", code):
            if name := Locale(tongue).languages.get(code):
                table.setdefault(fold(name), _with_territory(code))
    return table


def _with_territory(language: str) -> str:
    likely: str = get_global("likely_subtags").get(language, "")
    territory = likely.rpartition("_")[2]
    return f"{language}-{territory}" if len(territory) == 2 else language


@lru_cache(maxsize=4096)
def read_time_zone(text: str) -> str:
    """An IANA zone; the names of Windows are translated by Unicode's table."""
    found = _zones().get(text.casefold().replace(" ", "_")) or _windows_zones().get(text.casefold())
    if found:
        return found
    near = _nearest_zone(text[:100])
    remedy = f"Write its IANA name, {'perhaps' if near else 'such as'} {near or 'Europe/Berlin'}."
    raise BadInput(f"{quoted(text, 60)} is not a time zone.", remedy)


def _nearest_zone(text: str) -> str | None:
    known = _zones_by_word()
    city = fold(text.rpartition("/")[2])
    words = [fold(word) for word in re.split(r"\W+", text)]
    meant = next((word for word in (city, *words) if word in known), None)
    near = closest(city, known) if len(city) > 3 else None
    return known.get(meant or near or "")


@cache
def _zones() -> Mapping[str, str]:
    # Short names such as EST are a fixed offset all year, hardly what HR means by them.
    names = {name for name in zoneinfo.available_timezones() if "/" in name} | {"UTC", "GMT"}
    return {name.casefold(): name for name in sorted(names) if not name.startswith("posix")}


@cache
def _windows_zones() -> Mapping[str, str]:
    table: Mapping[str, str] = get_global("windows_zone_mapping")
    return {name.casefold(): zone for name, zone in table.items()}


@cache
def _zones_by_word() -> Mapping[str, str]:
    """Zones by their city and by their abbreviations."""
    names = [name for name in _zones().values() if "/" in name and not name.startswith("Etc/")]
    groups = [group.split() for group in ABBREVIATIONS.split(";")]
    return {fold(name.rpartition("/")[2]): name for name in names} | {
        short: zone for *shorts, zone in groups for short in shorts
    }
