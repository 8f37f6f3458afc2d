"""Forgetting a person without ever welcoming them twice: what goes, and what must stay."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from onboarding.domain.deliveries import ARRIVED, State, Verdict

PROOF = ARRIVED | {State.UNSURE}
"""What reached them, or may have: these rows hold the key that forbids a second message."""

ERASED = Verdict("erased", "What was known about this person has been erased.", "Nothing to do.")
ERASED_UNSURE = Verdict(
    "erased",
    "It may have arrived; what was known about this person has been erased.",
    "Leave it: sending it again would write to somebody who was erased.",
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of one person's data, in numbers of rows.

    `proofs` stay with nothing but object id, message, state and times; `nameless` are all other
    messages: they stay without any id or content, and what was not sent is called off; `mentions`
    are rows of others in which the person stood. Of the profile only `opted_out` and `employment`
    stay, where they say anything.
    """

    aad_object_id: str
    profile: int
    steps: int
    memberships: int
    proofs: int
    nameless: int
    mentions: int
    opted_out: bool
    employment: int


def without(value: Any, names: Collection[str]) -> Any:
    """JSON without whatever is exactly one of these names (lower case), however deep it stands."""
    if isinstance(value, dict):
        return {key: without(item, names) for key, item in value.items() if not _is(item, names)}
    if isinstance(value, list):
        return [without(item, names) for item in value if not _is(item, names)]
    return value


def told(erased: Erased) -> list[str]:
    """What was kept and why, one sentence each; empty when nothing is left."""
    kept = []
    if erased.proofs:
        kept.append(
            f"Kept: that {_messages(erased.proofs)} reached them or may have (object id, which "
            "message, when; no content), so that nobody is welcomed twice."
        )
    if erased.nameless:
        kept.append(
            f"Kept: {_messages(erased.nameless)} without any id or content, so that batches and "
            "ledger still add up; what was not sent is called off."
        )
    if erased.opted_out:
        kept.append("Kept: their wish not to be written to, with the object id.")
    if erased.employment > 1:
        kept.append(
            f"Kept: that this was employment {erased.employment}, with the object id, so that the "
            "welcomes of earlier ones are not repeated."
        )
    return kept


def _messages(number: int) -> str:
    return "1 message" if number == 1 else f"{number} messages"


def _is(value: Any, names: Collection[str]) -> bool:
    return isinstance(value, str) and value.lower() in names
