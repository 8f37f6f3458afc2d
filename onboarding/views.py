"""The same numbers for every door: commands, API and pages."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from onboarding.domain.batches import Batch, BatchState, state_of
from onboarding.domain.deliveries import OPEN, State
from onboarding.domain.people import Person
from onboarding.domain.story import Owed, timeline
from onboarding.errors import BadInput
from onboarding.store import batches, lanes, people, places
from onboarding.store.batches import Audited
from onboarding.store.database import ping
from onboarding.store.deliveries import Delivery, count_states, deliveries_to
from onboarding.store.lanes import lane_name


class NotFound(BadInput):
    """Nothing has this id."""


def batch(connection: Connection, batch_id: str, rates: Mapping[str, float]) -> dict[str, Any]:
    """One batch with its state, its counts by state (they add up to `audience`) and its ETA (s).

    `rates` are the settings' budgets, see `limits`; the slower one tells the ETA.
    """
    found = _batch(connection, batch_id)
    counts = batches.counts(connection, [batch_id])[batch_id]
    return _shown(found, counts, _pace(connection, found.tenant_id, rates)) | {
        "next_at": _iso(batches.next_due(connection, batch_id)),
        "causes": batches.causes(connection, batch_id),
    }


def newest(
    connection: Connection, limit: int, after: str | None, rates: Mapping[str, float]
) -> dict[str, Any]:
    """A page of batches from the newest on; `next` is the cursor of the following page."""
    last = _batch(connection, after) if after else None
    found = batches.newest(connection, limit + 1, (last.created_at, last.id) if last else None)
    page = found[:limit]
    counts = batches.counts(connection, [one.id for one in page])
    tenants = {one.tenant_id for one in page}
    paces = {tenant: _pace(connection, tenant, rates) for tenant in tenants}
    return {
        "items": [_shown(one, counts[one.id], paces[one.tenant_id]) for one in page],
        "next": page[-1].id if len(found) > limit else None,
    }


def deliveries(
    connection: Connection, batch_id: str, limit: int, state: str | None, after: str | None
) -> dict[str, Any]:
    """A page of a batch's people; `next` is the cursor of the following page, or None."""
    _batch(connection, batch_id)
    found = batches.page(connection, batch_id, limit + 1, state=_state(state), after=_cursor(after))
    page = found[:limit]
    return {
        "items": [_person(one) for one in page],
        "next": str(page[-1].id) if len(found) > limit else None,
    }


def refused(connection: Connection, batch_id: str) -> dict[str, Any]:
    """The rows of a batch's file that were refused, each with problem and remedy."""
    _batch(connection, batch_id)
    return {"items": [asdict(one) for one in batches.refused(connection, batch_id)], "next": None}


def ledger(connection: Connection, purpose: str | None) -> dict[str, Any]:
    """How many deliveries are in each state, of one purpose or of all; `audience` is their sum."""
    counts = count_states(connection, purpose)
    states = {str(name): counts.get(name, 0) for name in State}
    return {"purpose": purpose, "audience": sum(states.values()), "states": states}


def alive(connection: Connection) -> bool:
    """Whether the ledger answers."""
    ping(connection)
    return True


def whom(connection: Connection, tenant_id: str, name: str) -> str:
    """The object id of whoever has this object id, UPN or `29:…` id. Raises NotFound."""
    found = people.known_as(connection, tenant_id, name.strip())
    if found is None:
        raise NotFound(
            f"The ledger knows nobody as {name}.",
            "Give the object id, the sign-in name or the 29:… id; an erased person has only the "
            "object id.",
        )
    return found


def person(connection: Connection, tenant_id: str, name: str) -> dict[str, Any]:
    """Everything that the ledger holds about one person, and the same as a timeline in words."""
    who = whom(connection, tenant_id, name)
    known = people.person(connection, tenant_id, who)
    ticked = people.steps_ticked(connection, tenant_id, who)
    members = [name for name in (known and known.teams_id, who) if name]
    moves = people.moves_of(connection, tenant_id, members)
    owed = [_owed(connection, one) for one in deliveries_to(connection, tenant_id, who)]
    return {
        "aad_object_id": who,
        "profile": _profile(known) if known else None,
        "steps": [{"step": s, "done": done, "at": _iso(at)} for s, done, at in ticked],
        "teams": [
            {"id": team, "name": called, "member": joined, "at": _iso(at)}
            for team, called, joined, at in moves
        ],
        "deliveries": [_shape(asdict(one)) for one in owed],
        "timeline": [
            {"at": _iso(at), "what": what, "remedy": remedy}
            for at, what, remedy in timeline(known, ticked, moves, owed)
        ],
    }


def seen_by(
    connection: Connection, tenant_id: str, name: str, message: str
) -> tuple[Person | None, dict[str, Any]]:
    """Somebody of the ledger (or None), and what a message to them is made from: what it was the
    last time, or else what HR's batch would tell."""
    found = people.find_person(connection, tenant_id, name)
    context: dict[str, Any] = {"trigger": {"kind": "batch"}}
    if found is None:
        return None, context
    who = found.aad_object_id
    for row in deliveries_to(connection, tenant_id, who):
        if row.message == message and row.context:
            context = dict(row.context)
    return found, context | {"steps_done": people.steps_done(connection, tenant_id, who)}


def limits(connection: Connection, tenant_id: str, rates: Mapping[str, float]) -> dict[str, Any]:
    """Every rate lane of this tenant: its budget per second, whether somebody adjusted it, what
    share of it is in use after throttling, how long it rests (s), and why it is stopped.

    `rates` are the settings' budgets by lane.
    """
    known = {one["name"]: one for one in lanes.all_lanes(connection)}
    items = [
        _limit(lane, rate, known.get(lane_name(lane, tenant_id), {}))
        for lane, rate in rates.items()
    ]
    return {"items": items}


def _pace(connection: Connection, tenant_id: str, rates: Mapping[str, float]) -> float:
    """How many people a second the slowest lane lets through just now."""
    lanes = limits(connection, tenant_id, rates)["items"]
    return float(min(one["per_second"] * one["share"] for one in lanes))


def lane(rates: Mapping[str, float], name: str) -> str:
    """The name of a rate lane that can be adjusted. Raises NotFound."""
    if name not in rates:
        raise NotFound(f"There is no limit {name}.", f"There are: {', '.join(rates)}.")
    return name


def _limit(lane: str, rate: float, known: Mapping[str, Any]) -> dict[str, Any]:
    adjusted = known.get("rate")
    return {
        "lane": lane,
        "per_second": adjusted or rate,
        "adjusted": adjusted is not None,
        "share": known.get("share", 1.0),
        "rests_s": known.get("rests_s", 0.0),
        "stopped": known.get("stopped"),
    }


def _batch(connection: Connection, batch_id: str) -> Batch:
    found = batches.batch(connection, batch_id)
    if found is None:
        raise NotFound(f"There is no batch {batch_id}.", "List the batches to see their ids.")
    return found


def _shown(found: Batch, counts: dict[State, int], per_second: float) -> dict[str, Any]:
    state = state_of(found, counts, datetime.now(UTC))
    moving = counts.get(State.QUEUED, 0) + counts.get(State.SENDING, 0)
    eta = None
    if state in (BatchState.DONE, BatchState.CANCELLED):
        eta = 0
    elif state is BatchState.RUNNING and moving:
        eta = round(moving / per_second)
    return {
        "id": found.id,
        "name": found.name,
        "message": found.message,
        "submitted_by": found.submitted_by,
        "created_at": _iso(found.created_at),
        "starts_at": _iso(found.starts_at),
        "state": str(state),
        "audience": found.audience,
        "rows": found.rows,
        "refused": found.rows - found.audience,
        "states": {str(name): counts.get(name, 0) for name in State},
        "open": sum(counts.get(name, 0) for name in OPEN),
        "eta_seconds": eta,
    }


def _person(one: Audited) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "aad_object_id": one.aad_object_id,
        "upn": one.upn,
        "display_name": one.display_name,
        "state": str(one.state),
        "code": one.code,
        "reason": one.reason,
        "remedy": one.remedy,
        "attempts": one.attempts,
        "due_at": _iso(one.due_at),
        "updated_at": _iso(one.updated_at),
    }


def _owed(connection: Connection, row: Delivery) -> Owed:
    batch = batches.batch(connection, row.batch_id) if row.batch_id else None
    team = places.team(connection, row.tenant_id, row.team_id) if row.team_id else None
    return Owed(
        id=row.id,
        purpose=row.purpose,
        message=row.message,
        state=row.state,
        code=row.code,
        reason=row.reason,
        remedy=row.remedy,
        batch_id=row.batch_id,
        batch=batch.name if batch else None,
        team_id=row.team_id,
        team=team.name if team else None,
        told=row.context,
        attempts=row.tries,
        due_at=row.due_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        sent_at=row.sent_at,
    )


def _profile(known: Person) -> dict[str, Any]:
    shown = _shape(asdict(known))
    return {name: shown[name] for name in shown if name not in ("tenant_id", "aad_object_id")}


def _shape(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON takes them: moments and days as ISO 8601 text."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _iso(value)
    return value.isoformat() if isinstance(value, date) else value


def _state(text: str | None) -> State | None:
    if not text:
        return None
    try:
        return State(text)
    except ValueError:
        raise BadInput(
            f"There is no state {text!r}.", f"Choose one of: {', '.join(State)}."
        ) from None


def _cursor(text: str | None) -> int:
    if not text:
        return 0
    if not text.isdecimal() or len(text) > 18:
        raise BadInput("The cursor is not one of ours.", "Use the value of `next` as it was given.")
    return int(text)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
