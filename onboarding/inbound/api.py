"""The JSON API below /api/v1: every outside shape becomes a submission or a question to views.

Problems are application/problem+json (RFC 9457) with a `remedy`.
"""

import asyncio
import datetime as dt
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

import structlog
from aiohttp import BodyPartReader, web

from onboarding import views
from onboarding.domain.audience import Audience, check_people, check_rows
from onboarding.domain.deliveries import State
from onboarding.erasure import erase
from onboarding.errors import BadInput, OnboardingError, Refused
from onboarding.inbound.people_file import MAX_BYTES, read_rows
from onboarding.intake import Intake
from onboarding.settings import Settings
from onboarding.submission import KeyReused, Order, Receipt, Submissions, fingerprint

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger()

MOST_ITEMS = 500
_FILES = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/octet-stream",
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A submission as it came over HTTP, before anything of it was checked."""

    data: bytes
    filename: str | None
    content_type: str | None
    fields: dict[str, Any]


class Problem(Exception):
    """An answer that says what is wrong and what to do."""

    def __init__(self, status: int, title: str, remedy: str = "", **more: Any) -> None:
        super().__init__(title)
        self.status = status
        self.body = {
            "type": "about:blank",
            "status": status,
            "title": title,
            "remedy": remedy,
            **more,
        }


def api_routes(
    settings: Settings, submissions: Submissions, intake: Intake, database: Any
) -> list[web.RouteDef]:
    """The routes of /api/v1."""
    api = _Api(settings, submissions, intake, database)
    base = "/api/v1/batches"
    one = base + "/{id}"
    return [
        web.post(base, api.guarded(api.submit)),
        web.get(base, api.guarded(api.newest)),
        web.get(one, api.guarded(api.show)),
        web.get(one + "/deliveries", api.guarded(api.deliveries)),
        web.get(one + "/refused", api.guarded(api.refused)),
        web.post(one + "/pause", api.guarded(api.pause)),
        web.post(one + "/resume", api.guarded(api.resume)),
        web.post(one + "/cancel", api.guarded(api.cancel)),
        web.post(one + "/retry", api.guarded(api.retry)),
        web.get("/api/v1/people/{id}", api.guarded(api.person)),
        web.delete("/api/v1/people/{id}", api.guarded(api.erase)),
        web.get("/api/v1/ledger", api.guarded(api.ledger)),
        web.get("/api/v1/limits", api.guarded(api.limits)),
        web.put("/api/v1/limits/{lane}", api.guarded(api.adjust)),
    ]


class _Api:
    def __init__(
        self, settings: Settings, submissions: Submissions, intake: Intake, database: Any
    ) -> None:
        self._settings = settings
        self._submissions = submissions
        self._intake = intake
        self._database = database
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="reader")

    def guarded(self, handler: Handler) -> Handler:
        """Ask for the token first, and turn what goes wrong into a problem document."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                self._authorise(request)
                return await handler(request)
            except Problem as problem:
                return _problem(problem)
            except OnboardingError as error:
                return _problem(_as_problem(error))
            except web.HTTPException:
                raise
            except Exception:
                log.exception("api_failed", path=request.path)
                return _problem(Problem(500, "The server met a fault of its own.", "Try again."))

        return answer

    def _authorise(self, request: web.Request) -> None:
        expected = self._settings.console_token
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if expected is None:
            raise Problem(
                401, "Nobody may sign in yet.", "Set CONSOLE_TOKEN and restart the server."
            )
        right = hmac.compare_digest(given.strip().encode(), expected.get_secret_value().encode())
        if scheme.lower() != "bearer" or not right:
            raise Problem(401, "This needs a valid bearer token.", "Send CONSOLE_TOKEN as Bearer.")

    async def submit(self, request: web.Request) -> web.Response:
        asked = await self._asked(request)
        order = await self._off_loop(self._order, request, asked)
        receipt = await self._submissions.repeated(order)
        if receipt is None:
            group = asked.fields.get("group")
            audience = None if group else await self._off_loop(self._listed, asked)
            del asked  # as large as all that was read from it
            checked = await (
                self._submissions.check(audience)
                if audience
                else self._submissions.check_group(str(group))
            )
            receipt = await self._submissions.submit(checked, order)
        return web.json_response(shown(receipt), status=202)

    async def _asked(self, request: web.Request) -> Asked:
        kind = request.content_type
        if kind == "application/json":
            return Asked(b"", None, None, await self._off_loop(_json, await _read(request)))
        if kind == "multipart/form-data":
            return await _multipart(request)
        if kind in _FILES:
            return Asked(await _read(request), None, kind, dict(request.query))
        raise Problem(
            415,
            f"A batch cannot be read from {kind}.",
            "Send JSON, text/csv, an Excel workbook, or a form with a field `file`.",
        )

    def _listed(self, asked: Asked) -> Audience:
        """The verdict on a list, which is taken out of what was asked."""
        fields, today = asked.fields, self._submissions.today()
        dates = _text(fields.get("date_format")) or None
        if asked.filename is not None or asked.content_type is not None:
            table = read_rows(asked.data, asked.filename, asked.content_type)
            return check_rows(table.header, table.rows, today, dates)
        if not isinstance(fields.get("people"), list):
            raise BadInput(
                "The body has no list `people`.",
                'Send {"people": [{"upn": "…"}]}, or upload a CSV or Excel file.',
            )
        return check_people(fields.pop("people"), today, dates)

    def _order(self, request: web.Request, asked: Asked) -> Order:
        key = request.headers.get("Idempotency-Key") or None
        if key is not None and len(key) > 200:
            raise BadInput("The Idempotency-Key is too long.", "Use at most 200 characters.")
        fields = asked.fields
        return Order(
            name=str(fields.get("name") or asked.filename or "API")[:200],
            submitted_by=str(fields.get("submitted_by") or "HR")[:200],
            message=str(fields.get("message") or "welcome"),
            at=self._submissions.when(_text(fields.get("at"))),
            key=key,
            fingerprint=_fingerprint(asked) if key else None,
        )

    async def _off_loop(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Parsing a large list takes seconds, in which the loop must go on."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, partial(work, *args, **kwargs))

    async def newest(self, request: web.Request) -> web.Response:
        after = request.query.get("after")
        return await self._view(views.newest, _limit(request), after, self._settings.budgets)

    async def show(self, request: web.Request) -> web.Response:
        return await self._view(views.batch, request.match_info["id"], self._settings.budgets)

    async def deliveries(self, request: web.Request) -> web.Response:
        state, after = request.query.get("state"), request.query.get("after")
        batch_id = request.match_info["id"]
        return await self._view(views.deliveries, batch_id, _limit(request), state, after)

    async def refused(self, request: web.Request) -> web.Response:
        return await self._view(views.refused, request.match_info["id"])

    async def person(self, request: web.Request) -> web.Response:
        tenant = self._settings.azure_tenant_id
        return await self._view(views.person, tenant, request.match_info["id"])

    async def erase(self, request: web.Request) -> web.Response:
        tenant, name = self._settings.azure_tenant_id, request.match_info["id"]
        erased = await self._database.do(erase, tenant, name, dt.datetime.now(dt.UTC))
        log.info("erased", proofs=erased["proofs"], nameless=erased["nameless"])
        return web.json_response(erased)

    async def ledger(self, request: web.Request) -> web.Response:
        return await self._view(views.ledger, request.query.get("purpose"))

    async def limits(self, request: web.Request) -> web.Response:
        return await self._view(
            views.limits, self._settings.azure_tenant_id, self._settings.budgets
        )

    async def adjust(self, request: web.Request) -> web.Response:
        """Set a rate limit for all processes; `{"per_second": null}` goes back to the setting."""
        lane = views.lane(self._settings.budgets, request.match_info["lane"])
        per_second = _rate(_json(await _read(request)))
        await self._intake.adjust(lane, self._settings.azure_tenant_id, per_second)
        log.warning("limit_adjusted", lane=lane, per_second=per_second)
        return await self.limits(request)

    async def pause(self, request: web.Request) -> web.Response:
        return await self._act(request, partial(self._intake.pause, paused=True))

    async def resume(self, request: web.Request) -> web.Response:
        return await self._act(request, partial(self._intake.pause, paused=False))

    async def cancel(self, request: web.Request) -> web.Response:
        return await self._act(request, self._intake.cancel)

    async def retry(self, request: web.Request) -> web.Response:
        """Queue the failed again; `{"states": ["unsure"]}` and `{"deliveries": [ids]}` narrow or
        widen that on purpose."""
        states, ids = _which(_json(await _read(request)))
        return await self._act(request, partial(self._intake.retry, states=states, ids=ids))

    async def _act(
        self, request: web.Request, act: Callable[[str], Awaitable[Any]]
    ) -> web.Response:
        batch_id = request.match_info["id"]
        await self._database.do(views.batch, batch_id, self._settings.budgets)
        await act(batch_id)
        return await self._view(views.batch, batch_id, self._settings.budgets)

    async def _view(self, view: Callable[..., Any], *args: Any) -> web.Response:
        return web.json_response(await self._database.do(view, *args))


def shown(receipt: Receipt) -> dict[str, Any]:
    """A receipt as JSON: how many were accepted, and each refused row with its remedy."""
    return {
        "id": receipt.id,
        "audience": receipt.audience,
        "accepted": receipt.audience,
        "rows": receipt.rows,
        "refused": [asdict(item) for item in receipt.refused],
        "warnings": list(receipt.warnings),
    }


async def _multipart(request: web.Request) -> Asked:
    data, filename, kind, fields = b"", None, None, dict(request.query)
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "file":
            data, filename = await _read_part(part), part.filename or "upload"
            kind = part.headers.get("Content-Type")
        elif part.name:
            fields[part.name] = (await part.text())[:1000]
    if filename is None:
        raise BadInput("The form has no field `file`.", "Attach the list as `file`.")
    return Asked(data, filename, kind, fields)


async def _read(request: web.Request) -> bytes:
    pieces, size = [], 0
    async for piece in request.content.iter_chunked(1 << 16):
        size = _room(size + len(piece))
        pieces.append(piece)
    return b"".join(pieces)


async def _read_part(part: BodyPartReader) -> bytes:
    pieces, size = [], 0
    while piece := await part.read_chunk(1 << 16):
        size = _room(size + len(piece))
        pieces.append(part.decode(piece))
    return b"".join(pieces)


def _room(size: int) -> int:
    if size > MAX_BYTES:
        raise Problem(413, "The file is too large.", f"Send at most {MAX_BYTES:,} bytes.")
    return size


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not JSON.", "Send one JSON object.") from None
    if not isinstance(body, dict):
        raise Problem(400, "The body is not a JSON object.", 'Send {"people": […]}.')
    return body


def _fingerprint(asked: Asked) -> str:
    told = json.dumps(asked.fields, sort_keys=True, default=str).encode()
    return fingerprint(asked.data, told)


def _which(body: Mapping[str, Any]) -> tuple[list[State], list[int] | None]:
    names = body.get("states") or [State.FAILED]
    ids = body.get("deliveries")
    try:
        states = [State(name) for name in names]
        numbers = None if ids is None else [int(one) for one in ids]
    except (ValueError, TypeError):
        raise BadInput("The body cannot be read.", 'Send {"states": ["failed"]}.') from None
    if not set(states) <= {State.FAILED, State.UNSURE, State.SKIPPED}:
        raise BadInput(
            "Only failed, unsure and skipped deliveries can be tried again.",
            'Send {"states": ["failed"]}.',
        )
    return states, numbers


def _rate(body: Mapping[str, Any]) -> float | None:
    rate = body.get("per_second", "")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float)):
        raise BadInput("The body cannot be read.", 'Send {"per_second": 30}, or null.')
    return rate


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "100")
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_ITEMS:
        raise BadInput("limit is out of range.", f"Use 1 to {MOST_ITEMS}.")
    return int(text)


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _as_problem(error: OnboardingError) -> Problem:
    match error:
        case views.NotFound():
            return Problem(404, error.problem, error.remedy)
        case KeyReused():
            return Problem(409, error.problem, error.remedy)
        case BadInput():
            return Problem(422, error.problem, error.remedy)
        case Refused():
            return Problem(502, error.reason, error.remedy, code=str(error.code))
        case _:
            return Problem(503, "Microsoft 365 asks us to come back later.", "Try again soon.")


def _problem(problem: Problem) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return web.json_response(
        problem.body,
        status=problem.status,
        headers=headers,
        content_type="application/problem+json",
    )
