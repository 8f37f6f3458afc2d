"""How much of the rate budget is used, with Teams' own limits enforced: it must not say 429."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks import company
from tests.benchmarks.drive import bots, database, done, ready, submit
from tests.benchmarks.measure import busiest_second, within
from tests.benchmarks.rows import Note, Row, Scale
from tests.simulated import Simulator, running_simulator

CONNECTOR_PER_S = 46
INSTALLS_PER_S = 28
RAMP_S = 1.0
TAIL_S = 4.5


@dataclass(frozen=True, slots=True)
class Part:
    """A batch to run: `lane` is the API whose budget is the bottleneck."""

    workers: int
    lane: str
    per_second: int
    remark: str


def _first(workers: int) -> Part:
    return Part(workers, "graph", INSTALLS_PER_S, "first contact: install, chat, message")


def _known(workers: int) -> Part:
    return Part(workers, "connector", CONNECTOR_PER_S, "known chats")


async def run(scale: Scale, note: Note) -> list[Row]:
    """A row for each number of workers; who was contacted first is a known chat later."""
    parts = [_first(1), _known(1), _known(2)]
    if not scale.quick:
        parts = [_first(1), _first(3), *map(_known, (1, 2, 3, 4))]
    seconds = 8.0 if scale.quick else 60.0
    known = math.ceil(CONNECTOR_PER_S * (seconds + RAMP_S + TAIL_S))
    firsts = sum(part.lane == "graph" for part in parts)
    first = max(math.ceil(INSTALLS_PER_S * (seconds + RAMP_S + TAIL_S)), -(-known // firsts))
    people = firsts * first
    with (
        database("postgresql", note) as url,
        running_simulator("--people", str(int(people * 1.1) + 40)) as simulator,
    ):
        if url is None:
            return []
        everybody = await company.ordinary(simulator, people)
        await simulator.put("/settings", enforce_limits=True)
        return [
            await _part(
                simulator,
                url,
                part,
                everybody[number * first : (number + 1) * first]
                if part.lane == "graph"
                else everybody[:known],
                f"{2001 + number}-01-01",
                seconds,
                note,
            )
            for number, part in enumerate(parts)
        ]


def title() -> str:
    return "Budget held over a minute, PostgreSQL, Teams' limits enforced"


async def _part(
    simulator: Simulator,
    url: str,
    part: Part,
    people: Sequence[Any],
    first_day: str,
    seconds: float,
    note: Note,
) -> Row:
    note(f"budget: {len(people)} people, {part.workers} workers, {part.remark}")
    before, refused = await company.requests_so_far(simulator), await company.throttled(simulator)
    with bots(simulator, url, part.workers) as running:
        await ready(running.front)
        batch = await submit(running.front, people, first_day)
        await done(running.front, batch, 60 + 2 * len(people) / part.per_second)
    asked = await company.asked(simulator, part.lane, before)
    moments = [one["monotonic"] for one in asked if _counts(one)]
    sent = within(moments, min(moments) + RAMP_S, seconds)
    return Row(
        {
            "workers": part.workers,
            "budget_per_s": part.per_second,
            "held_share": round(sent / (part.per_second * seconds), 3),
            "max_per_second": busiest_second(moments),
            "throttled": await company.throttled(simulator) - refused,
        },
        remark=part.remark,
    )


def _counts(request: dict[str, Any]) -> bool:
    """Every request to the connector draws on its budget; of Graph's, the installs do."""
    installs = request["path"].endswith("/installedApps") and request["method"] == "POST"
    return installs or request["api"] == "connector"
