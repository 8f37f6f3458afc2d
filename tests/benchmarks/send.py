"""Sending: stock botbuilder, ours, Microsoft's successors and bare aiohttp, side by side."""

from collections.abc import Mapping
from typing import Any

from tests.benchmarks.child import Failed, measured
from tests.benchmarks.company import settle_in
from tests.benchmarks.rows import Note, Row, Scale, medians
from tests.benchmarks.senders import SENDERS, missing
from tests.simulated import Simulator, running_simulator

TITLE = "Sending a welcome, TLS, {latency} ms a request, client's process alone"
LATENCY_MS = 50
CALLS = {"create": 2, "continue": 1}
"""What is called, and how many requests that is."""
CONCURRENCY = (1, 10, 50, 200)
PEOPLE = 200
SECONDS = 4.0
LONGEST_S = 180.0


async def run(scale: Scale, note: Note) -> list[Row]:
    """A row for each call, concurrency and client; rounds are interleaved: A B C, A B C."""
    clients = _installed(note)
    rows = []
    with running_simulator("--people", str(PEOPLE + 40)) as simulator:
        for call in CALLS:
            for concurrency in (50,) if scale.quick else CONCURRENCY:
                note(f"send: {call}, {concurrency} at a time")
                targets = await _targets(simulator, call)
                rows += await _cell(simulator, clients, call, concurrency, targets, scale, note)
    return rows


def title() -> str:
    return TITLE.format(latency=LATENCY_MS)


def _installed(note: Note) -> list[str]:
    clients = []
    for client in SENDERS:
        package = missing(client)
        if package is None:
            clients.append(client)
        else:
            note(
                f"send: {client} is left out, {package} is not installed "
                "(pip install -r requirements-bench.txt)"
            )
    return clients


async def _targets(simulator: Simulator, call: str) -> list[str]:
    """Object ids or conversation ids of people who have the app, in a Teams without history."""
    people = await settle_in(simulator, PEOPLE, latency_ms=LATENCY_MS)
    return [one["id"] if call == "create" else one["chat_id"] for one in people]


async def _cell(
    simulator: Simulator,
    clients: list[str],
    call: str,
    concurrency: int,
    targets: list[str],
    scale: Scale,
    note: Note,
) -> list[Row]:
    found: dict[str, list[Mapping[str, float]]] = {client: [] for client in clients}
    for _ in range(1 if scale.quick else scale.rounds):
        for client in list(found):
            asked = _asked(client, call, concurrency, targets, scale)
            try:
                found[client].append(await measured(simulator, "send_child", asked, LONGEST_S))
            except Failed as failed:
                note(f"send: {client} is left out of {call} at {concurrency}: {failed}")
                del found[client]
    return [
        medians(
            {
                "client": client,
                "call": call,
                "latency_ms": LATENCY_MS,
                "concurrency": concurrency,
            },
            rounds,
        )
        for client, rounds in found.items()
    ]


def _asked(
    client: str, call: str, concurrency: int, targets: list[str], scale: Scale
) -> dict[str, Any]:
    seconds = SECONDS / 2 if scale.quick else SECONDS
    ideal = concurrency / (CALLS[call] * LATENCY_MS / 1000)
    number = min(int(ideal * seconds), 800 * int(seconds))
    warm_up = concurrency
    if client == "stock":
        # It sends seven a second whatever is asked of it, and keeps nothing warm.
        number, warm_up = min(max(concurrency, 20), number), 1
    if scale.messages is not None:
        number, warm_up = min(number, scale.messages), min(warm_up, scale.messages)
    return {
        "client": client,
        "call": call,
        "concurrency": concurrency,
        "targets": targets,
        "messages": number,
        "warm_up": warm_up,
    }
