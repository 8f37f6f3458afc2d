"""Where an attempt leaves a delivery, and what a refusal means for it."""

from datetime import datetime

from onboarding.domain.deliveries import LEFT_COMPANY, WAITS_FOR_APP, State, Verdict
from onboarding.errors import Leaves, Refused, Unsure


class Settled(Exception):
    """The delivery ends here, in this state, for this reason."""

    def __init__(self, state: State, verdict: Verdict, due_at: datetime | None = None) -> None:
        super().__init__(verdict.code)
        self.state = state
        self.verdict = verdict
        self.due_at = due_at


def refused(refusal: Refused) -> Settled:
    """A refusal leaves a delivery skipped, waiting for the app, or failed."""
    said = Verdict(str(refusal.code), refusal.reason, refusal.remedy)
    match refusal.leaves:
        case Leaves.SKIPPED:
            return Settled(State.SKIPPED, said)
        case Leaves.GONE:
            return Settled(State.SKIPPED, LEFT_COMPANY)
        case Leaves.WAITS:
            reason = f"{WAITS_FOR_APP.reason} {said.reason}"
            remedy = f"{said.remedy} {WAITS_FOR_APP.remedy}"
            return Settled(State.WAITING, Verdict(WAITS_FOR_APP.code, reason, remedy))
        case _:
            return Settled(State.FAILED, said)


def lost(unsure: Unsure) -> Settled:
    """A lost answer leaves a delivery unsure: it may have arrived."""
    remedy = "It may have arrived. Ask the person, or send it again."
    return Settled(State.UNSURE, Verdict(str(unsure.code), unsure.reason, remedy))
