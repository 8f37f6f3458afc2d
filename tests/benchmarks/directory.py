"""Reading a large group from the directory: ours against the Graph SDK's own models."""

from collections.abc import Mapping

from tests.benchmarks.child import measured
from tests.benchmarks.rows import Note, Row, Scale, medians
from tests.simulated import running_simulator

LATENCY_MS = 50
STOCK_MEMBERS = 1_998
"""Two pages: the SDK's models take three milliseconds for each member."""
LONGEST_S = 300.0


async def run(scale: Scale, note: Note) -> list[Row]:
    """A row for each client; rounds are interleaved."""
    people = 5_000 if scale.quick else 50_000
    wanted = {"stock": 999 if scale.quick else STOCK_MEMBERS, "ours": people}
    found: dict[str, list[Mapping[str, float]]] = {client: [] for client in wanted}
    note(f"directory: a group of {people:,}")
    with running_simulator("--people", str(people)) as simulator:
        groups = (await simulator.get("/state"))["groups"]
        group = next(one["id"] for one in groups if one["members"] == people)
        await simulator.put("/settings", latency_ms=LATENCY_MS)
        for _ in range(1 if scale.quick else scale.rounds):
            for client, members in wanted.items():
                asked = {"client": client, "group": group, "members": members}
                found[client].append(await measured(simulator, "directory_child", asked, LONGEST_S))
    return [medians({"client": client}, rounds) for client, rounds in found.items()]


def title() -> str:
    return f"Reading the members of a group, {LATENCY_MS} ms a page of 999"
