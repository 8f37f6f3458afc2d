"""Where an attempt leaves a delivery, and what a refusal means for it."""

from datetime import datetime

from onboarding.domain.deliveries import (
    GUEST,
    LEFT_COMPANY,
    NO_LICENCE,
    WAITS_FOR_APP,
    State,
    Verdict,
)
from onboarding.errors import Refused, Unsure

STOPS = frozenset({"bad_credentials", "bot_not_registered", "bot_disabled"})
"""What concerns everybody: the lane stops and says so, instead of failing people one by one."""

_SKIPS = {"no_licence": NO_LICENCE, "guest": GUEST, "unknown_person": LEFT_COMPANY}
_WAITS = frozenset({"missing_permission", "unknown_app", "app_not_ours"})


class Settled(Exception):
    """The delivery ends here, in this state, for this reason."""

    def __init__(self, state: State, verdict: Verdict, due_at: datetime | None = None) -> None:
        super().__init__(verdict.code)
        self.state = state
        self.verdict = verdict
        self.due_at = due_at


def refused(refusal: Refused) -> Settled:
    """A refusal leaves a delivery skipped, waiting for the app, or failed."""
    if refusal.code in _SKIPS:
        return Settled(State.SKIPPED, _SKIPS[refusal.code])
    if refusal.code in _WAITS:
        reason = f"{WAITS_FOR_APP.reason} {refusal.reason}"
        remedy = f"{refusal.remedy} {WAITS_FOR_APP.remedy}"
        return Settled(State.WAITING, Verdict(WAITS_FOR_APP.code, reason, remedy))
    verdict = Verdict(str(refusal.code), refusal.reason, refusal.remedy)
    return Settled(State.FAILED, verdict)


def lost(unsure: Unsure) -> Settled:
    """A lost answer leaves a delivery unsure: it may have arrived."""
    remedy = "It may have arrived. Ask the person, or send it again."
    return Settled(State.UNSURE, Verdict(str(unsure.code), unsure.reason, remedy))
