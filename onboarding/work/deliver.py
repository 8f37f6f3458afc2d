"""What a worker does with one delivery: from queued to exactly one settled state."""

from datetime import UTC, datetime

import structlog

from onboarding.delivery import Speaker
from onboarding.domain.deliveries import (
    GAVE_UP,
    Lane,
    State,
    Verdict,
)
from onboarding.errors import Retry
from onboarding.settings import Settings
from onboarding.store import attempts
from onboarding.store.database import Away, Database
from onboarding.store.deliveries import Delivery
from onboarding.work.attempt import Attempt
from onboarding.work.calls import Calls
from onboarding.work.chats import Chats
from onboarding.work.lanes import LaneClosed, Lanes
from onboarding.work.naming import Naming
from onboarding.work.outcome import Settled
from onboarding.work.reaching import Reaching

log = structlog.get_logger()


class Deliverer:
    """Carries deliveries out for one worker, whose name owns the rows it claims."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        speaker: Speaker,
        lanes: Lanes,
        chats: Chats,
        owner: str,
    ) -> None:
        self._database = database
        self._settings = settings
        self._speaker = speaker
        self._lanes = lanes
        self._owner = owner
        self._chats = chats
        self.running: set[tuple[int, int]] = set()

    async def deliver(self, delivery_id: int, attempt: int) -> None:
        """Carry out one attempt. Never raises: what fails is in the ledger, or given back."""
        pair = (delivery_id, attempt)
        if pair in self.running:
            return
        self.running.add(pair)
        try:
            await self._deliver(delivery_id, attempt)
        except LaneClosed:
            await self._hand_back(delivery_id, attempt)
        except Away:
            log.warning("database_was_away", delivery=delivery_id, attempt=attempt)
            await self._database.surely(attempts.abandon, *pair, datetime.now(UTC))
        except Exception:
            log.exception("delivery_broke", delivery=delivery_id, attempt=attempt)
            await self._break_off(delivery_id, attempt)
        finally:
            self.running.discard(pair)

    async def _deliver(self, delivery_id: int, attempt: int) -> None:
        row = await self._database.do(attempts.claim, delivery_id, attempt, self._owner)
        if row is None:
            await self._hand_back(delivery_id, attempt)
            return
        try:
            await self._attempt(row).run()
        except Retry:
            await self._settle(row.id, row.attempt, State.FAILED, GAVE_UP)
        except Settled as end:
            if end.state is State.WAITING:
                await self._wait(row, end)
            else:
                await self._settle(row.id, row.attempt, end.state, end.verdict)

    async def _break_off(self, delivery_id: int, attempt: int) -> None:
        """After a fault of our own: failed, or unsure where the call may have been made.

        When even this cannot be written, the reconciler finds the row.
        """
        try:
            await self._database.do(
                attempts.break_off, delivery_id, attempt, self._owner, datetime.now(UTC)
            )
        except Exception:
            log.exception("left_to_reconciler", delivery=delivery_id)

    async def _hand_back(self, delivery_id: int, attempt: int) -> None:
        await self._database.surely(attempts.hand_back, delivery_id, attempt)

    async def _settle(self, delivery_id: int, attempt: int, state: State, verdict: Verdict) -> None:
        await self._database.surely(
            attempts.settle, delivery_id, attempt, self._owner, state, verdict, datetime.now(UTC)
        )
        log.info("settled", delivery=delivery_id, state=str(state), code=verdict.code)

    async def _wait(self, row: Delivery, end: Settled) -> None:
        await self._database.surely(
            attempts.wait,
            row.id,
            row.attempt,
            self._owner,
            end.verdict,
            datetime.now(UTC),
            end.due_at,
        )
        log.info("waits", delivery=row.id, code=end.verdict.code)

    def _attempt(self, row: Delivery) -> Attempt:
        live = row.lane == Lane.LIVE
        calls = Calls(self._lanes, row.tenant_id, live=live, delivery=row.id)
        naming = Naming(self._database, self._speaker, calls, row)
        reaching = Reaching(self._database, self._settings, self._speaker, self._chats, calls, row)
        return Attempt(
            self._database, self._settings, self._speaker, self._owner, row, calls, naming, reaching
        )
