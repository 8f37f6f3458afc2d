"""The gate before each request, with whatever may happen to the database behind it."""

import asyncio
from pathlib import Path

from onboarding.store.database import open_database
from onboarding.store.migrate import migrate
from onboarding.work.lanes import LATEST_S, Lanes, Slot


async def test_whoever_waits_at_a_lane_gets_through_once_the_database_works_again(
    tmp_path: Path,
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    lanes = Lanes(database, {"connector": 100.0})
    waiting = asyncio.create_task(lanes.slot("connector", "t1", live=True))
    await asyncio.sleep(2.5)
    assert not waiting.done(), "there is no table yet"
    migrate(database.engine)
    slot = await asyncio.wait_for(waiting, 10)
    assert await slot.comes()
    await lanes.close()
    database.close()


async def test_a_slot_is_waited_for_and_not_used_when_its_moment_is_over() -> None:
    now = asyncio.get_running_loop().time()
    assert await Slot(now + 0.1).comes()
    assert asyncio.get_running_loop().time() >= now + 0.1
    assert not await Slot(now + 0.1 - 2 * LATEST_S).comes()
