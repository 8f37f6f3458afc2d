"""From what HR gives (a file, a list, a group) to a batch in the ledger.

Every row ends accepted or refused with its problem and remedy; nothing is half done.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from onboarding.delivery import columns
from onboarding.domain.audience import Audience, PersonRow, RefusedRow
from onboarding.domain.batches import Batch
from onboarding.domain.people import DirectoryPerson
from onboarding.errors import BadInput, Refused
from onboarding.intake import Intake, Invited
from onboarding.messages.catalogue import Catalogue, get
from onboarding.outbound.graph import Graph
from onboarding.outbound.wire import Reading
from onboarding.settings import Settings
from onboarding.store import batches
from onboarding.store.database import Database

PERSONAL_MESSAGES = frozenset({"welcome"})
ANONYMOUS = "HR"
"""Who sends a batch when nobody said more."""


class KeyReused(BadInput):
    """An idempotency key came again with something else."""


@dataclass(frozen=True, slots=True)
class Found:
    """An accepted row and the directory's entry for it."""

    row: PersonRow
    entry: DirectoryPerson


@dataclass(frozen=True, slots=True)
class Checked:
    """A list after every check: who will be written to, and who was refused and why."""

    found: Sequence[Found]
    refused: Sequence[RefusedRow]
    rows: int
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What HR wants done with a list. `at` is aware; `key` and `fingerprint` make it repeatable."""

    name: str
    submitted_by: str = ANONYMOUS
    message: str = "welcome"
    at: datetime | None = None
    key: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a submission; `id` is None for a dry run."""

    id: str | None
    audience: int
    rows: int
    refused: Sequence[RefusedRow]
    warnings: Sequence[str] = field(default=())
    repeated: bool = False


class Submissions:
    """Checks lists against the directory and commits them as batches."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        graph: Graph,
        intake: Intake,
        catalogue: Catalogue,
        reading: Reading,
    ) -> None:
        self._settings = settings
        self._database = database
        self._graph = graph
        self._intake = intake
        self._catalogue = catalogue
        self._reading = reading

    async def check(self, audience: Audience) -> Checked:
        """Look everybody up; unknown people and the same person twice are refused.

        Raises Refused (no right to read the directory) and Retry.
        """
        asked = [_asked(row) for row in audience.accepted]
        entries = await self._graph.users(asked, self._reading.directory)
        found, refused = _match(audience.accepted, entries)
        return Checked(
            found,
            sorted([*audience.refused, *refused], key=lambda item: item.row),
            audience.rows,
            audience.warnings,
        )

    async def check_group(self, group_id: str) -> Checked:
        """The members of a Microsoft 365 group, in the directory's order."""
        found: list[Found] = []
        try:
            async for entry in self._graph.group_members(group_id, self._reading.directory):
                # HR says nothing about a member beyond that they are one.
                row = PersonRow(row=len(found) + 1, aad_object_id=entry.aad_object_id)
                found.append(Found(row, entry))
        except Refused as refused:
            if refused.status != 404:
                raise
            raise BadInput(
                f"There is no group {group_id} in the directory.",
                "Give the object id of a Microsoft 365 group.",
            ) from None
        return Checked(found, (), len(found))

    async def submit(self, checked: Checked, order: Order) -> Receipt:
        """Commit a batch. Raises BadInput for what cannot be sent, KeyReused for a reused key."""
        get(self._catalogue, order.message)
        if order.message not in PERSONAL_MESSAGES:
            raise BadInput(
                f"{order.message} is not a message for a batch.",
                f"Choose one of: {', '.join(sorted(PERSONAL_MESSAGES))}.",
            )
        if len(checked.found) > self._settings.max_batch_people:
            raise BadInput(
                f"{len(checked.found)} people are more than MAX_BATCH_PEOPLE allows.",
                "Split the list, or raise the setting.",
            )
        earlier = await self.repeated(order)
        if earlier is not None:
            return earlier
        batch = self._batch(checked, order)
        try:
            await self._intake.submit(
                batch,
                lambda: (_invited(one, batch) for one in checked.found),
                [_refusal(item) for item in checked.refused],
                idempotency_key=order.key,
                fingerprint=order.fingerprint,
            )
        except batches.KeyTaken:
            # Without a key it is this very batch, whose first commit lost its answer.
            if first := await self.repeated(order):
                return first
        return Receipt(batch.id, batch.audience, checked.rows, checked.refused, checked.warnings)

    async def repeated(self, order: Order) -> Receipt | None:
        """The receipt of the batch that was submitted under the same key, if there is one."""
        if order.key is None:
            return None
        tenant = self._settings.azure_tenant_id
        earlier = await self._database.do(batches.batch_of_key, tenant, order.key)
        if earlier is None:
            return None
        batch_id, fingerprint = earlier
        if fingerprint != order.fingerprint:
            raise KeyReused(
                "This Idempotency-Key was used for another request.",
                "Use a new key for a new request.",
            )
        batch = await self._database.do(batches.batch, batch_id)
        refused = await self._database.do(batches.refused, batch_id)
        assert batch is not None
        told = [RefusedRow(r.row, r.field, r.problem, r.remedy, r.value) for r in refused]
        return Receipt(batch.id, batch.audience, batch.rows, told, repeated=True)

    def when(self, text: str | None) -> datetime | None:
        """A moment as HR writes it (ISO 8601; without a zone it is DEFAULT_TIME_ZONE's)."""
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise BadInput(
                f"{text!r} is not a time.", "Write it like 2026-12-01T09:00 or with +01:00."
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self._settings.default_time_zone))
        return moment.astimezone(UTC)

    def today(self) -> date:
        """The day it is in DEFAULT_TIME_ZONE."""
        return datetime.now(ZoneInfo(self._settings.default_time_zone)).date()

    def _batch(self, checked: Checked, order: Order) -> Batch:
        return Batch(
            id=new_id(),
            tenant_id=self._settings.azure_tenant_id,
            name=order.name,
            message=order.message,
            submitted_by=order.submitted_by,
            created_at=datetime.now(UTC),
            starts_at=order.at,
            paused=False,
            cancelled=False,
            audience=len(checked.found),
            rows=checked.rows,
        )


def new_id() -> str:
    """An id for a batch: short, unguessable, easy to read out."""
    return "".join(secrets.choice("23456789abcdefghjkmnpqrstvwxyz") for _ in range(16))


def fingerprint(*parts: bytes) -> str:
    """A digest of a request, to know whether a repeated one is the same."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _asked(row: PersonRow) -> str:
    return row.aad_object_id or row.upn or ""


def _match(
    rows: Sequence[PersonRow], entries: Mapping[str, DirectoryPerson]
) -> tuple[list[Found], list[RefusedRow]]:
    found: list[Found] = []
    refused: list[RefusedRow] = []
    first: dict[str, int] = {}
    for row in rows:
        entry = entries.get(_asked(row))
        problem = _why_not(row, entry, first)
        if problem is not None:
            refused.append(problem)
        elif entry is not None:
            first[entry.aad_object_id] = row.row
            found.append(Found(row, entry))
    return found, refused


def _why_not(
    row: PersonRow, entry: DirectoryPerson | None, first: Mapping[str, int]
) -> RefusedRow | None:
    name = "aad_object_id" if row.aad_object_id else "upn"
    if entry is None:
        return RefusedRow(
            row.row,
            name,
            "Nobody in the directory has this id.",
            "Check the spelling, or wait until the account has been created.",
            _asked(row),
        )
    if row.upn and entry.upn and row.upn != entry.upn and row.upn != entry.mail:
        return RefusedRow(
            row.row,
            "upn",
            f"The object id belongs to {entry.upn}, not to this address.",
            "Keep the one that is right and remove the other.",
            row.upn,
        )
    if entry.aad_object_id in first:
        return RefusedRow(
            row.row,
            name,
            f"The same person stands in row {first[entry.aad_object_id]}.",
            "Remove one of the two rows.",
            _asked(row),
        )
    return None


def _invited(one: Found, batch: Batch) -> Invited:
    row, entry = one.row, one.entry
    known = columns(entry, batch.created_at) | {
        "employee_id": row.employee_id or entry.employee_id,
        "start_date": row.start_date,
        "time_zone": row.time_zone,
        "locale_asked": row.locale,
    }
    told = {
        "given_name": row.given_name,
        "display_name": row.display_name,
        "department": row.department,
        "job_title": row.job_title,
        "office": row.office,
        "manager_upn": row.manager_upn,
        "buddy_upn": row.buddy_upn,
        "x": dict(row.x) or None,
    }
    by = None if batch.submitted_by == ANONYMOUS else batch.submitted_by
    context: dict[str, Any] = {
        "trigger": {"kind": "batch", "who": by},
        "batch": {"id": batch.id, "name": batch.name, "submitted_by": by},
        "person": {name: value for name, value in told.items() if value is not None},
    }
    return Invited(entry.aad_object_id, known, context)


def _refusal(item: RefusedRow) -> batches.Refusal:
    return batches.Refusal(item.row, item.field, item.problem, item.remedy, item.value)
