"""The three stories, played by the unchanged bot against a local Microsoft 365.

Both run as processes of their own: the simulator, and `app.py serve` on a fresh SQLite file.
"""

import asyncio
import contextlib
import csv
import io
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onboarding.errors import BadInput, Retry

ROOT = Path(__file__).parent.parent
START_S = 60.0
SETTLE_S = 300.0
SETTLED = ("sent", "failed", "unsure", "skipped", "cancelled", "updated", "recalled")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the stories came to. `chats` counts the people who saw a welcome in Teams."""

    audience: int
    states: Mapping[str, int]
    chats: int
    seconds: float

    @property
    def adds_up(self) -> bool:
        """Everybody is in one state, and who counts as welcomed has seen the welcome."""
        return self.audience == sum(self.states.values()) and self.chats == self.states["sent"]

    def as_dict(self) -> dict[str, Any]:
        """The outcome as `demo --json` prints it."""
        return asdict(self) | {"adds_up": self.adds_up, "seconds": round(self.seconds, 1)}


@dataclass(frozen=True, slots=True)
class Stage:
    """The running processes and how to reach them."""

    control: str
    window: str
    bot: str
    token: str


async def play(people: int, *, once: bool, quiet: bool) -> Outcome:
    """Start everything, play, and (unless `once`) stay until Ctrl-C. No process is left behind."""
    say = _Narrator(quiet)
    began = time.monotonic()
    async with _stage(people, say) as stage:
        say(f"Teams window   {stage.window}")
        say(f"The bot        {stage.bot}  (API token: {stage.token})")
        audience = await _tell(stage, people, say)
        outcome = await _settled(stage, audience, began, say)
        _report(outcome, stage, say)
        if not once:
            stop = _on_interrupt()
            say("Everything keeps running for you to try. Ctrl-C ends it.")
            await stop.wait()
    return outcome


async def _tell(stage: Stage, people: int, say: "_Narrator") -> int:
    """Play the stories; how many people are owed a welcome."""
    state = await _control(stage, "GET", "/state")
    teams = [one for one in state["teams"] if 3 <= one["members"] <= people // 2]
    team = max(teams, key=lambda one: one["members"])
    everybody = (await _control(stage, "GET", f"/people?limit={people}"))["items"]
    staff = [one for one in everybody if one["planted"] is None]
    inside = await _members(stage, team)
    installer = next(one for one in staff if one["id"] in inside)
    joiners = [one for one in staff if one["id"] not in inside][:3]

    say(f"1. {installer['display_name']} adds the app to the team “{team['name']}”.")
    await _act(stage, do="install_to_team", who=installer["id"], team=team["id"])
    names = ", ".join(one["display_name"] for one in joiners)
    say(f"2. {names} join the team.")
    await _act(
        stage,
        do="join_team",
        who=installer["id"],
        team=team["id"],
        people=[one["id"] for one in joiners],
    )
    joined = {one["id"] for one in joiners}
    invited = [one for one in everybody if one["id"] not in joined]
    sender = next((one for one in staff if "People" in (one["department"] or "")), staff[0])
    receipt = await _submit(stage, invited, sender["display_name"])
    accepted, refused = int(receipt["accepted"]), len(receipt["refused"])
    say(
        f"3. {sender['display_name']} of HR uploads newcomers.csv: "
        f"{accepted} accepted, {refused} refused."
    )
    return len(joiners) + accepted


async def _members(stage: Stage, team: Mapping[str, Any]) -> set[str]:
    members = await _control(stage, "GET", f"/people?limit=100000&team={_quoted(team['id'])}")
    return {one["id"] for one in members["items"]}


async def _submit(stage: Stage, people: list[dict[str, Any]], sender: str) -> dict[str, Any]:
    """Upload the list as HR would: a CSV with semicolons and a BOM."""
    text = io.StringIO()
    sheet = csv.writer(text, delimiter=";")
    sheet.writerow(["Employee", "Work email", "Start date", "Manager email", "x_desk"])
    by_id = {one["id"]: one for one in people}
    for number, one in enumerate(people, 1):
        manager = by_id.get(one["manager_id"] or "", {}).get("upn", "")
        sheet.writerow([number, one["upn"], one["start_date"] or "", manager, f"Desk {number}"])
    body = b"\xef\xbb\xbf" + text.getvalue().encode()
    path = f"/api/v1/batches?name=newcomers.csv&submitted_by={_quoted(sender)}"
    return await _ask(stage.bot + path, "POST", body, "text/csv", stage.token)


async def _settled(stage: Stage, audience: int, began: float, say: "_Narrator") -> Outcome:
    """Wait until the ledger owes nobody a welcome any more, or 5 minutes."""
    while True:
        ledger = await _ask(f"{stage.bot}/api/v1/ledger?purpose=welcome", "GET", token=stage.token)
        states = ledger["states"]
        done = sum(states[name] for name in SETTLED)
        say.progress(done, audience)
        if done >= audience or time.monotonic() - began > SETTLE_S:
            break
        await asyncio.sleep(0.3)
    received = await _control(stage, "GET", "/received?summary=1")
    return Outcome(audience, states, received["chats"], time.monotonic() - began)


def _report(outcome: Outcome, stage: Stage, say: "_Narrator") -> None:
    counts = ", ".join(f"{number} {state}" for state, number in outcome.states.items() if number)
    say(f"The ledger: {outcome.audience} people = {counts}.")
    say(f"{outcome.chats} people found a welcome in their chat, after {outcome.seconds:.0f} s.")
    say("It adds up." if outcome.adds_up else "It does NOT add up.")
    say(f"Open {stage.window} and pick a person on the left to read what they got.")


@contextlib.asynccontextmanager
async def _stage(people: int, say: "_Narrator") -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="onboarding-demo-", ignore_cleanup_errors=True) as home:
        say("Starting a local Microsoft 365 and the bot …")
        simulator = await _start(
            "-m", "onboarding.simulator", "--people", str(people), "--exit-with-parent"
        )
        try:
            world = json.loads(await _first_line(simulator))
            token = secrets.token_urlsafe(12)
            bot = await _start(str(ROOT / "app.py"), "serve", env=_settings(world, home, token))
            try:
                address = await _listening(bot)
                stage = Stage(world["control"], world["window"], address, token)
                await _ready(address, bot)
                endpoint = {"endpoint": f"{address}/api/messages"}
                await _control(stage, "PUT", "/bot", endpoint)
                yield stage
            finally:
                await _end(bot)
        finally:
            await _end(simulator)


def _settings(world: Mapping[str, Any], home: str, token: str) -> dict[str, str]:
    return {
        **world["env"],
        "HOST": "127.0.0.1",
        "PORT": "0",
        "DATABASE_URL": f"sqlite:///{Path(home).as_posix()}/onboarding.db",
        "CONSOLE_TOKEN": token,
        "QUIET_HOURS": "off",
        "COMPANY_NAME": "Contoso",
        "HR_CONTACT": "hr@contoso.example",
        "HANDBOOK_URL": "https://contoso.example/handbook",
        "LOG_LEVEL": "warning",
    }


async def _start(*args: str, env: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *args,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=os.name == "posix",
    )


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_S)
    except TimeoutError:
        line = b""
    if not line:
        raise BadInput("A process of the demo did not start.", "Read what it said above.")
    return line


async def _listening(bot: asyncio.subprocess.Process) -> str:
    ready: dict[str, Any] = json.loads(await _first_line(bot))
    return str(ready["url"])


async def _ready(address: str, bot: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and bot.returncode is None:
        with contextlib.suppress(OSError, Retry):
            if (await _ask(f"{address}/readyz", "GET"))["ready"]:
                return
        await asyncio.sleep(0.1)
    raise BadInput("The bot did not become ready.", "Read what it said above.")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


def _on_interrupt() -> asyncio.Event:
    """Set when somebody presses Ctrl-C or ends the demo."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    return stop


async def _act(stage: Stage, **act: Any) -> dict[str, Any]:
    return await _control(stage, "POST", "/act", act)


async def _control(
    stage: Stage, method: str, path: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    data = json.dumps(body).encode() if body is not None else None
    return await _ask(stage.control + path, method, data, "application/json")


async def _ask(
    url: str, method: str, body: bytes | None = None, kind: str = "", token: str = ""
) -> dict[str, Any]:
    """One request on loopback, in a thread: the demo needs no HTTP client of its own."""
    return await asyncio.to_thread(_ask_now, url, method, body, kind, token)


def _ask_now(url: str, method: str, body: bytes | None, kind: str, token: str) -> dict[str, Any]:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    headers = {"Content-Type": kind} if kind else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = Request(url, data=body, headers=headers, method=method)  # noqa: S310
    try:
        with urlopen(request, timeout=120) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
            return told
    except HTTPError as error:
        said = error.read().decode(errors="replace")[:500]
        if error.code == 503:
            raise Retry("unavailable", said) from None
        raise BadInput(f"{method} {url} was answered with {error.code}.", said) from None


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


class _Narrator:
    """Tells the story on stdout, or on nothing at all when only the JSON is wanted."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._told = -1

    def __call__(self, line: str) -> None:
        if not self._quiet:
            print(line, flush=True)

    def progress(self, done: int, audience: int) -> None:
        """A line for every tenth of the way."""
        tenth = done * 10 // max(audience, 1)
        if tenth > self._told:
            self._told = tenth
            self(f"   {done} of {audience} settled")
