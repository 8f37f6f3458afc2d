"""A batch: what HR asked for, for whom, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from onboarding.domain.deliveries import OPEN, State


class BatchState(StrEnum):
    """A batch is `done` when nothing of it waits, is queued or is being sent."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Batch:
    """One HR batch as the ledger keeps it; `starts_at` is None for “now”."""

    id: str
    tenant_id: str
    name: str
    message: str
    submitted_by: str
    created_at: datetime
    starts_at: datetime | None
    paused: bool
    cancelled: bool
    audience: int
    rows: int


def state_of(batch: Batch, counts: Mapping[State, int], now: datetime) -> BatchState:
    """The one word for a batch, from its flags and its rows."""
    if batch.cancelled:
        return BatchState.CANCELLED
    if not any(counts.get(state, 0) for state in OPEN):
        return BatchState.DONE
    if batch.paused:
        return BatchState.PAUSED
    if batch.starts_at is not None and batch.starts_at > now:
        return BatchState.SCHEDULED
    return BatchState.RUNNING
