"""`make faults SEED=n BATCHES=n`: one fight beside its undisturbed twin and the naive variant.

Prints a table, and one JSON object as its last line; exits non-zero when a promise was broken.
"""

import argparse
import json
import secrets
import sys
from dataclasses import replace

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.faults.arena import Fight, Outcome, run, summary

NAIVE_BATCHES = 100


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--without-naive", action="store_true")
    asked = parser.parse_args()
    seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    fight = Fight(seed, asked.batches)
    naive = replace(fight, batches=min(NAIVE_BATCHES, asked.batches), is_naive=True)
    console = Console(stderr=True)
    calm = _shown(console, "undisturbed", fight.undisturbed())
    outcome = _shown(console, "under faults", fight)
    found = {"undisturbed": calm, "under faults": outcome}
    if not asked.without_naive:
        found["naive retry"] = _shown(console, "naive retry", naive)
    Console(width=110).print(_table(found, naive.batches, fight.batches))
    line = summary(fight, outcome, calm)
    sys.stdout.write(json.dumps(line) + "\n")
    is_kept = not line["duplicates"] and not line["missing"]
    return 0 if is_kept and line["checksum_equal"] and line["audit_chain_ok"] else 1


def _shown(console: Console, name: str, fight: Fight) -> Outcome:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(name, total=fight.batches)
        return run(fight, lambda posted, _: progress.update(task, completed=posted))


def _table(found: dict[str, Outcome], naive_batches: int, batches: int) -> Table:
    table = Table(title="Fault runs")
    for name in ("run", "batches", "faults", "kills", "frozen", "stops", "duplicates",
                 "over-posted", "missing", "seconds"):  # fmt: skip
        table.add_column(name, justify="left" if name == "run" else "right", no_wrap=True)
    for name, one in found.items():
        count = naive_batches if name.startswith("naive") else batches
        table.add_row(
            name, str(count), str(one.faults), str(sum(one.kills.values())), str(one.pauses),
            str(one.database_stops), str(one.verdict.duplicates),
            f"{one.verdict.over_posted:,.2f}", str(one.verdict.missing), f"{one.seconds:.0f}",
        )  # fmt: skip
    kills = ", ".join(f"{step} {n}" for step, n in sorted(found["under faults"].kills.items()))
    table.caption = f"killed at: {kills}"
    return table


if __name__ == "__main__":
    sys.exit(main())
