"""A real file of 1,000 rows with every known fault in it: clear verdicts, and the rest is sent."""

import csv
import io

import pytest

from tests.people.test_thousand_rows import FAULTS
from tests.running import running_bot
from tests.simulated import running_simulator

COLUMNS = ["aad_object_id", "upn", "given_name", "locale", "time_zone", "start_date"]
MORE = ["manager_upn", "buddy_upn", "employee_id", "status", "x_note"]


async def test_a_thousand_rows_with_many_faults_reach_everybody_else(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_simulator("--people", "1100") as simulator:
        monkeypatch.setenv("SSL_CERT_FILE", simulator.env["SSL_CERT_FILE"])
        fast = {"bot_requests_per_second": 1000, "graph_installs_per_second": 1000}
        async with running_bot(simulator, sqlite_url, **fast, graph_reads_per_second=1000) as bot:
            people = (await simulator.get("/people", limit=2000, planted="none"))["items"]
            text = io.StringIO(newline="")
            sheet = csv.DictWriter(text, [*COLUMNS, *MORE], delimiter=";", restval="")
            sheet.writeheader()
            faulty = {}
            for number in range(1, 1001):
                cells = {"upn": people[number - 1]["upn"], "given_name": f"Nr {number}"}
                position, rest = divmod(number, 13)
                if rest == 0 and position <= len(FAULTS):
                    fault = FAULTS[position - 1]
                    faulty[number] = fault
                    cells |= fault.cells
                sheet.writerow(cells)
            answer = await bot.api(
                "POST",
                "/batches",
                files={"file": ("Neue.csv", text.getvalue().encode("utf-8-sig"), "text/csv")},
            )
            assert answer.status_code == 202, answer.text
            receipt = answer.json()
            refused = {item["row"]: item for item in receipt["refused"]}
            assert len(faulty) >= 30
            assert set(refused) == set(faulty)
            assert all(item["problem"] and item["remedy"] for item in refused.values())
            assert receipt["accepted"] + len(refused) == receipt["rows"] == 1000
            seen = await bot.until_done(receipt["id"])
            assert seen["states"]["sent"] == seen["audience"] == 1000 - len(faulty)
            received = await simulator.get("/received", summary=1)
            assert received["chats"] == seen["states"]["sent"]
            assert set(received["people"].values()) == {1}
