"""`python -m tests.benchmarks.chart RESULTS.json manifest/benchmarks.svg`: the picture of `send`.

The results are what `python -m tests.benchmarks send --json` prints.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

CONCURRENCY = 50
NAMES = {
    "stock": "botbuilder, stock",
    "successor": "microsoft-teams-apps",
    "agents": "microsoft-agents",
    "ours": "Onboarding",
    "bare": "aiohttp alone",
}
CALLS = {"create": "Open the chat and send", "continue": "Send into a known chat"}
WIDTH, LINE, LEFT, RIGHT = 720, 26, 180, 110
STYLE = """
text { font: 14px 'Segoe UI', system-ui, sans-serif; fill: #242424 }
.head { font-weight: 600 }
.page { fill: #ffffff }
.bar { fill: #b8bbd9 }
.ours { fill: #5b5fc7 }
@media (prefers-color-scheme: dark) {
  text { fill: #f5f5f5 }
  .page { fill: #1f1f1f }
  .bar { fill: #55587a }
  .ours { fill: #8b8fe8 }
}
"""


def svg(rows: Sequence[Mapping[str, Any]]) -> str:
    """Messages a second at 50 in flight, a bar for each client, in light and dark."""
    lines = list(_lines([row for row in rows if row.get("concurrency") == CONCURRENCY]))
    if not lines:
        raise ValueError(f"no row of `send` at a concurrency of {CONCURRENCY}")
    body = "\n".join(line.format(y=LINE * (n + 1)) for n, line in enumerate(lines))
    height = LINE * (len(lines) + 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>Messages a second, {CONCURRENCY} at a time</title>\n"
        f'<style>{STYLE}</style>\n<path class="page" d="M0 0h{WIDTH}v{height}H0z"/>\n'
        f"{body}\n</svg>\n"
    )


def _lines(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for call, heading in CALLS.items():
        speeds = {r["client"]: r["messages_per_s"] for r in rows if r["call"] == call}
        if speeds:
            yield f'<text class="head" x="10" y="{{y}}">{heading}: messages a second</text>'
        for client in (name for name in NAMES if name in speeds):
            yield _bar(client, speeds[client], max(speeds.values()))


def _bar(client: str, speed: float, fastest: float) -> str:
    width = max(1.0, speed / fastest * (WIDTH - LEFT - RIGHT))
    kind = "ours" if client == "ours" else "bar"
    return (
        f'<g transform="translate(0 {{y}})"><text x="{LEFT - 10}" text-anchor="end">'
        f'{escape(NAMES[client])}</text><rect class="{kind}" x="{LEFT}" y="-13" rx="2" '
        f'width="{width:.1f}" height="17"/><text x="{LEFT + width + 8:.1f}">{speed:,.0f}</text></g>'
    )


def main(arguments: Sequence[str]) -> int:
    """Write the picture; 2 when the arguments or the results are not those expected."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    results, picture = map(Path, arguments)
    try:
        picture.write_text(svg(json.loads(results.read_text())), encoding="utf-8")
    except (OSError, ValueError) as problem:
        print(f"{results}: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
