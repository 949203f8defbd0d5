"""How far a proof is: a line for each tie-out, quarters of long work, and bars on a terminal."""

import io
import re
from decimal import Decimal

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from orchestration.progress import Progress
from orchestration.prove_watch import BarsWatch, LinesWatch, Watch
from resources.warehouse.tie_outs import TieOutResult, stopped

pytestmark = pytest.mark.promise("Commands that work for minutes say how far they are")
HOLDS = TieOutResult("T5", "remittances", Decimal(1), Decimal(1), 0)


def _work(watch: Watch) -> None:
    watch.begin("files", 8)
    for _ in range(8):
        watch.advance("files")
    watch.proved([HOLDS])
    watch.begin("rebuild")
    watch.end("rebuild")
    watch.proved([stopped("T9", "no answer"), HOLDS])


def test_lines_name_quarters_and_each_tie_out():
    written = io.StringIO()
    _work(LinesWatch(Progress(written)))
    said = [re.sub(r"^ *[0-9.]+ s  ", "", line) for line in written.getvalue().splitlines()]
    assert said == [
        "files: 2 of 8", "files: 4 of 8", "files: 6 of 8", "files: 8 of 8",
        "T5 holds", "rebuild: done (0.0 s)",
        "T9 does not hold: not worked out", "T5 holds",
    ]  # fmt: skip


def test_bars_stand_below_the_tie_outs_on_a_terminal():
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80)
    with Bars(console=console, auto_refresh=False) as bars:
        _work(BarsWatch(bars))
        assert all(task.finished for task in bars.tasks)
    assert "T9 does not hold: not worked out" in written.getvalue()
    assert "files" in written.getvalue()
