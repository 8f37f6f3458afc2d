"""The one word for a batch."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from onboarding.domain.batches import Batch, BatchState, state_of
from onboarding.domain.deliveries import ARRIVED, OPEN, State

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def batch(
    *, starts_at: datetime | None = None, paused: bool = False, cancelled: bool = False
) -> Batch:
    """A batch of three people."""
    return Batch(
        "b1", "t1", "newcomers.csv", "welcome", "HR", NOW, starts_at, paused, cancelled, 3, 3
    )


@pytest.mark.parametrize("state", sorted(OPEN))
def test_a_batch_runs_as_long_as_anything_of_it_is_open(state: State) -> None:
    assert state_of(batch(), {state: 1, State.SENT: 2}, NOW) is BatchState.RUNNING


@pytest.mark.parametrize("state", sorted(set(State) - OPEN))
def test_a_batch_of_which_everything_is_settled_is_done(state: State) -> None:
    assert state_of(batch(), {state: 3}, NOW) is BatchState.DONE
    assert state_of(batch(paused=True), {state: 3}, NOW) is BatchState.DONE
    assert state_of(batch(starts_at=LATER), {state: 3}, NOW) is BatchState.DONE


def test_a_batch_without_anybody_is_done() -> None:
    assert state_of(batch(), {}, NOW) is BatchState.DONE
    assert state_of(batch(), dict.fromkeys(State, 0), NOW) is BatchState.DONE


@pytest.mark.parametrize("state", State)
def test_cancelled_goes_before_everything(state: State) -> None:
    every = batch(cancelled=True, paused=True, starts_at=LATER)
    assert state_of(every, {state: 3}, NOW) is BatchState.CANCELLED


@pytest.mark.parametrize("state", sorted(OPEN))
def test_a_paused_batch_says_so_even_before_its_time(state: State) -> None:
    assert state_of(batch(paused=True, starts_at=LATER), {state: 3}, NOW) is BatchState.PAUSED


def test_a_batch_is_scheduled_until_the_moment_that_it_starts() -> None:
    counts = {State.WAITING: 3}
    scheduled = batch(starts_at=LATER)
    assert state_of(scheduled, counts, LATER - timedelta(microseconds=1)) is BatchState.SCHEDULED
    assert state_of(scheduled, counts, LATER) is BatchState.RUNNING


def test_every_combination_has_exactly_one_word() -> None:
    flags = product((True, False), (True, False), (None, NOW, LATER))
    for paused, cancelled, starts_at in flags:
        one = batch(paused=paused, cancelled=cancelled, starts_at=starts_at)
        assert {state_of(one, {state: 1}, NOW) for state in State} <= set(BatchState)


def test_open_and_arrived_have_nothing_in_common() -> None:
    assert not OPEN & ARRIVED
