"""The benchmarks run and say what they promise to say; what they measure is not judged here."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.benchmarks import chart
from tests.benchmarks.measure import busiest_second, percentile, within
from tests.benchmarks.rows import medians
from tests.simulated import ROOT

SEND = {
    "client",
    "call",
    "latency_ms",
    "concurrency",
    "messages_per_s",
    "cpu_s_per_1000",
    "rss_mb",
    "loop_lag_p99_ms",
}


def measured(*arguments: str) -> list[dict[str, object]]:
    """The rows that a benchmark prints, which must be all that it prints on stdout."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *arguments, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return list(json.loads(ended.stdout))


def test_sending_is_measured_side_by_side_for_stock_ours_and_bare() -> None:
    rows = measured("send", "--quick", "--messages", "3")
    assert all(set(row) == SEND for row in rows), rows
    for call in ("create", "continue"):
        clients = {row["client"] for row in rows if row["call"] == call}
        assert {"stock", "ours", "bare"} <= clients <= set(chart.NAMES)
    assert all(row["messages_per_s"] > 0 and row["rss_mb"] > 10 for row in rows)
    drawn = ET.fromstring(chart.svg(rows))
    bars = [one for one in drawn.iter() if one.tag.endswith("rect")]
    assert len(bars) == len(rows)


def test_the_start_is_measured_for_the_help_and_the_server() -> None:
    rows = measured("start", "--quick")
    assert [row["what"] for row in rows] == ["app.py --help", "app.py serve"]
    assert all(row["seconds"] > 0 and row["rss_mb"] > 5 for row in rows)


def test_a_row_holds_medians_and_keeps_least_and_most() -> None:
    row = medians({"client": "ours"}, [{"ms": 3.0}, {"ms": 1.0}, {"ms": 9.0}])
    assert row.values == {"client": "ours", "ms": 3.0}
    assert row.spread == {"ms": (1.0, 9.0)}


def test_the_busiest_second_slides() -> None:
    moments = [0.0, 0.6, 0.7, 1.5, 1.55, 3.0]
    assert busiest_second(moments) == 4
    assert within(moments, 0.6, 1.0) == 4


def test_the_99th_percentile_leaves_out_one_of_a_hundred_and_none_of_a_few() -> None:
    assert percentile([float(number) for number in range(1, 101)], 99) == 99
    assert percentile([1.0, 5.0, 3.0], 99) == 5
    assert percentile([7.0], 50) == 7


def test_a_chart_without_a_row_of_send_is_refused() -> None:
    with pytest.raises(ValueError, match="no row"):
        chart.svg([{"during": "idle", "p50_ms": 1, "p99_ms": 2}])
