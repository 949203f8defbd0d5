"""What a small day costs: dropped file to ERP document, idle processor time, memory, event rows.

`tieout up` over a small sandbox; hand-made remittances are dropped one at a time. The limits
are those of the product: 60 s to the document, 5 % of a core while nothing happens.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import psutil
import psycopg
import pytest

from orchestration.state import World
from orchestration.tables import table
from tests.fixtures.interchange import interchange
from tests.fixtures.living import Held, Platform

DROPS = 10
IDLE_SECONDS = 60.0
LIMIT_SECONDS = 60.0
LIMIT_PERCENT = 5.0
STAGES = """
select min(f.received_at), min(f.landed_at),
       (select min(c.issued_at) from ops.certificate c where c.issued_at > min(f.landed_at)),
       min(a.at)
from ops.received_file f
join ledger.entry_event v using (file_id)
join ledger.audit a on a.entry_id = v.entry_id and a.to_state = 'posted'
where f.name = %s
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    made = Platform(tmp_path_factory.mktemp("small day") / "state", World(claims=300))
    made.make(0)
    for held in made.held:
        made.place(held)
    try:
        made.start()
        yield made
    finally:
        made.clean()


def say(text: str) -> None:
    """Show a figure; `make bench` lets output through."""
    sys.stdout.write(f"{text}\n")


def _drop(platform: Platform, held: Held) -> list[float]:
    """Seconds from the drop to received, landed, certified and posted."""
    begun = datetime.now(UTC)
    platform.drop(held)
    platform.until(lambda: platform.rows(STAGES, held.name)[0][3] is not None)
    platform.until(platform.is_settled)
    stages = platform.rows(STAGES, held.name)[0]
    return [(moment - begun).total_seconds() for moment in stages]


def test_a_dropped_remittance_becomes_a_document(platform: Platform) -> None:
    place = "/clearinghouse/remittances"
    times = [
        _drop(platform, Held(place, f"dropped_{n}.835", interchange(str(n), f"{n}00").encode()))
        for n in range(1, DROPS + 1)
    ]
    columns = list(zip(*times, strict=True))
    names = ("received", "landed", "certified", "posted")
    rows = [
        (name, f"{statistics.median(column):.1f}", f"{max(column):.1f}")
        for name, column in zip(names, columns, strict=True)
    ]
    say("\n" + "\n".join(table(["seconds to", "median", "worst"], rows)))
    worst = max(columns[-1])
    say(f"  worst of {DROPS} against the limit of {LIMIT_SECONDS:.0f} s: "
          f"{worst / LIMIT_SECONDS:.2f}")  # fmt: skip


def _family(platform: Platform) -> dict[int, psutil.Process]:
    """Every process of the platform: by the state folder in its command or environment."""
    found = {}
    place = str(platform.home)
    for process in psutil.process_iter():
        try:
            text = " ".join([*process.cmdline(), *process.environ().values(), process.cwd()])
        except psutil.Error:
            continue
        is_database = process.name() == "postgres" and str(platform.database_folder) in text
        if (place in text or is_database) and process.pid != psutil.Process().pid:
            found[process.pid] = process
    return found


def _seconds(processes: dict[int, psutil.Process]) -> float:
    """Processor time of all, that of children which have ended included."""
    total = 0.0
    for process in processes.values():
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


def test_nothing_to_do_costs_little(platform: Platform) -> None:
    platform.until(platform.is_settled)
    time.sleep(10)
    family = _family(platform)
    before, begun = _seconds(family), time.monotonic()
    time.sleep(IDLE_SECONDS)
    percent = 100 * (_seconds(family) - before) / (time.monotonic() - begun)
    memory = 0.0
    for one in family.values():
        with suppress(psutil.NoSuchProcess):
            memory += one.memory_full_info().uss / 1e6
    say(f"\n  idle: {percent:.1f} % of a core in {len(family)} processes, {memory:,.0f} MB of "
          f"their own; against the limit of {LIMIT_PERCENT:.0f} %: "
          f"{percent / LIMIT_PERCENT:.2f}")  # fmt: skip


def test_event_rows_per_run_are_few(platform: Platform) -> None:
    with platform.dagster_database() as connection:
        rows = _event_rows(connection)
    say("\n" + "\n".join(table(["job", "runs", "event rows per run"], rows)))


def _event_rows(connection: psycopg.Connection[object]) -> list[tuple[object, ...]]:
    found = connection.execute(
        "select r.pipeline_name, count(distinct r.run_id), count(*) / count(distinct r.run_id)"
        " from runs r join event_logs e using (run_id) group by 1 order by 1"
    )
    # The connection is typed by its row, which nobody reads but this table.
    return [tuple(row) for row in found.fetchall()]  # type: ignore[arg-type]


def test_one_interrupt_stops_everything(platform: Platform) -> None:
    seconds = platform.stop()
    left = [one for one in _family(platform).values() if one.is_running()]
    assert left == []
    say(f"\n  one interrupt: everything down after {seconds:.1f} s")
