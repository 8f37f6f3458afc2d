"""A roster against the ledger: who was never welcomed, and whether that is as it should be."""

from dataclasses import dataclass
from enum import StrEnum

from onboarding.domain.deliveries import (
    ARRIVED,
    BLOCKED_BY_USER,
    DISABLED,
    GUEST,
    OPEN,
    OPTED_OUT,
    Standing,
    State,
    Verdict,
)
from onboarding.domain.people import DirectoryPerson, Person


class Presence(StrEnum):
    """How a member of a roster stands with their welcome; everybody is in exactly one."""

    WELCOMED = "welcomed"
    ON_ITS_WAY = "on_its_way"
    UNSURE = "unsure"
    LEFT_OUT = "left_out"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody of a roster; `entry` is the directory's, when the roster came from there."""

    aad_object_id: str | None
    upn: str | None = None
    display_name: str | None = None
    is_guest: bool = False
    entry: DirectoryPerson | None = None


NO_ACCOUNT = Verdict(
    "no_account",
    "Teams tells no account in the directory for them.",
    "Nothing to do: they cannot be written to.",
)
NEVER_OWED = Verdict(
    "never_owed",
    "No welcome was ever owed to them: they were there before the app, or no event came.",
    "Send them one with reconcile --send.",
)


def presence(
    attendee: Attendee, person: Person | None, welcome: Standing | None, *, guests: bool
) -> tuple[Presence, Verdict | None]:
    """Where somebody stands, with the reason unless the ledger's own row has it.

    `welcome` is the row of their present employment; `guests`: guests are welcomed too.
    """
    state = welcome.state if welcome else None
    if state in ARRIVED:
        return Presence.WELCOMED, None
    if state in OPEN:
        return Presence.ON_ITS_WAY, None
    if state is State.UNSURE:
        return Presence.UNSURE, None
    if verdict := _why_left_out(attendee, person, guests):
        return Presence.LEFT_OUT, verdict
    return Presence.MISSED, None if welcome else NEVER_OWED


def _why_left_out(attendee: Attendee, person: Person | None, guests: bool) -> Verdict | None:
    if attendee.aad_object_id is None:
        return NO_ACCOUNT
    if person and person.opted_out:
        return OPTED_OUT
    if person and person.blocked:
        return BLOCKED_BY_USER
    if not guests and (attendee.is_guest or (person and person.is_guest)):
        return GUEST
    if attendee.entry and not attendee.entry.is_enabled:
        return DISABLED
    return None
