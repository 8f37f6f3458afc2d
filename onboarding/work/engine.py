"""DBOS under the ledger: one workflow without steps for each delivery and attempt.

The ledger row is the checkpoint; the workflow's id is `d:{delivery}:{attempt}` and its arguments
are those two numbers, so nothing needs to be replayed and any version can run any workflow.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig
from sqlalchemy import Connection, Engine

from onboarding.domain.deliveries import Lane

VERSION = "1"
"""Pinned for ever: a changed version would strand the workflows in flight of the older one."""

SELDOM_S = 10.0

log = structlog.get_logger()

Deliver = Callable[[int, int], Awaitable[None]]

_POLL_S = {Lane.LIVE: 0.1, Lane.BULK: 0.25}
_SLOTS = {Lane.LIVE: 40, Lane.BULK: 100}
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class WorkEngine:
    """Launches DBOS on the ledger's own engine and hands deliveries to it."""

    def __init__(self, engine: Engine, executor_id: str) -> None:
        self._engine = engine
        self._executor_id = executor_id
        self._client: DBOSClient | None = None

    async def launch(self, deliver: Deliver) -> None:
        """Start claiming. `deliver(delivery_id, attempt)` must not raise.

        DBOS launches on the loop's own thread, so that workflows run on this loop.
        """
        logger = logging.getLogger("dbos")
        logger.setLevel(logging.WARNING)
        logger.addFilter(_SELDOM)
        DBOS(config=self._config())

        @DBOS.workflow(name="deliver", max_recovery_attempts=1_000_000)
        async def run(delivery_id: int, attempt: int) -> None:
            await deliver(delivery_id, attempt)

        DBOS.launch()
        for lane in Lane:
            await DBOS.register_queue_async(
                str(lane), worker_concurrency=_SLOTS[lane], polling_interval_sec=_POLL_S[lane]
            )
        self._client = DBOSClient(system_database_engine=self._engine)

    def enqueue(self, connection: Connection, lane: Lane, pairs: Sequence[tuple[int, int]]) -> None:
        """Hand deliveries (id, attempt) to a queue, within the caller's transaction."""
        assert self._client is not None
        for delivery_id, attempt in pairs:
            self._client.enqueue_in_transaction(
                connection,
                {
                    "workflow_name": "deliver",
                    "queue_name": str(lane),
                    "workflow_id": workflow_id(delivery_id, attempt),
                },
                delivery_id,
                attempt,
            )

    def ended(
        self, pairs: Sequence[tuple[int, int]], living: Collection[str]
    ) -> list[tuple[int, int]]:
        """Which of these have no workflow that will still run: it has ended, is missing, or was
        taken by an executor that is not among the living."""
        assert self._client is not None
        by_id = {workflow_id(*pair): pair for pair in pairs}
        found = self._client.list_workflows(
            workflow_ids=list(by_id), load_input=False, load_output=False
        )
        alive = {
            one.workflow_id
            for one in found
            if one.status not in _ENDED and (one.status != "PENDING" or one.executor_id in living)
        }
        return [pair for name, pair in by_id.items() if name not in alive]

    def prune(self, completed_before: str, limit: int = 2000) -> int:
        """Delete ended workflows that are older than an ISO moment; how many."""
        assert self._client is not None
        ended = self._client.list_workflows(
            status=list(_ENDED),
            completed_before=completed_before,
            limit=limit,
            load_input=False,
            load_output=False,
        )
        self._client.delete_workflows([one.workflow_id for one in ended])
        return len(ended)

    async def destroy(self, patience_s: int) -> None:
        """Stop claiming, let what runs end for so many seconds, then leave.

        In a plain thread, because it blocks; afterwards the loop gets a fresh default executor,
        because DBOS shuts down the one that it had installed.
        """
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def leave() -> None:
            try:
                DBOS.destroy(workflow_completion_timeout_sec=patience_s, destroy_registry=True)
            except Exception:
                log.exception("engine_left_badly")
            finally:
                loop.call_soon_threadsafe(done.set)

        thread = threading.Thread(target=leave, name="engine-destroy", daemon=True)
        thread.start()
        await done.wait()
        loop.set_default_executor(ThreadPoolExecutor(4, thread_name_prefix="default"))

    def _config(self) -> DBOSConfig:
        return {
            "name": "onboarding",
            "system_database_engine": self._engine,
            "application_version": VERSION,
            "executor_id": self._executor_id,
            "log_level": "WARNING",
            "console_log_level": "WARNING",
            "notification_listener_polling_interval_sec": 1.0,
        }


class _Seldom(logging.Filter):
    """One line every ten seconds from each place: while the database is away, DBOS would write
    hundreds a second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        place = (record.pathname, record.lineno)
        if record.created - self._last.get(place, 0.0) < SELDOM_S:
            return False
        self._last[place] = record.created
        return True


_SELDOM = _Seldom()


def workflow_id(delivery_id: int, attempt: int) -> str:
    """The id of the workflow that carries one attempt of a delivery."""
    return f"d:{delivery_id}:{attempt}"
