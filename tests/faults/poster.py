"""A poster as a process of its own, which dies or freezes at a step that its seed chooses.

`poster.py PLAN_FILE NUMBER`: runs the outbox of all entities over and over until the stop file is
there. Not a test: the arena starts it.
"""

import json
import os
import random
import signal
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from billing.ledger.erp import ErpDocument, ErpUnknown, JournalEntry
from resources.outbox import Outbox
from resources.settings import DatabaseSettings
from resources.warehouse.database import connect
from tests.fixtures.erp.plain_ledger import PlainLedger

# Every step of the outbox at which a process can die.
STEPS = (
    "NUMBERED", "BEGUN", "READ_BACK", "RESUMED", "ANSWERED", "LOST", "TURNED_AWAY", "SAID",
    "RECORDED", "COMMITTED",
)  # fmt: skip
MOST_STEPS = 400  # one that never comes to its own step dies at this one, wherever it is


@dataclass
class Fate:
    """At which step, and at its how-manieth time, this process is killed or stopped."""

    step: str
    times: int
    is_killed: bool
    pause_rate: float
    chance: random.Random
    log: Path
    seen: int = 0
    steps: int = 0

    def at(self, step: str) -> None:
        """Meet the fate, if this is the place."""
        self.steps += 1
        if step == "BEGUN" and self.chance.random() < self.pause_rate:
            self._write(f"PAUSED {step}")
            os.kill(os.getpid(), signal.SIGSTOP)
        self.seen += step == self.step
        if self.is_killed and (self.seen >= self.times or self.steps >= MOST_STEPS):
            self._write(f"KILLED {step}")
            os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, what: str) -> None:
        with self.log.open("a") as handle:
            handle.write(what + "\n")


class NaiveLedger(PlainLedger):
    """What many integrations do: an answer that does not come is asked for again at once."""

    def post(self, entry: JournalEntry) -> ErpDocument:
        for _ in range(50):
            try:
                return self.write(entry)
            except ErpUnknown:
                continue
        raise ErpUnknown("TIMEOUT")

    def find(self, entity: str, key: str) -> ErpDocument | None:
        del entity, key
        return None


def main() -> None:
    """Post until told to stop."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    fate = _fate(plan, int(sys.argv[2]))
    while not Path(plan["stop"]).exists():
        try:
            _post(plan, fate)
        except psycopg.OperationalError:
            time.sleep(0.1)  # the database is down or has cut the connection


def _fate(plan: dict[str, Any], number: int) -> Fate:
    chance = random.Random(f"{plan['seed']}-{number}")
    return Fate(
        STEPS[number % len(STEPS)], chance.randint(1, 6), number < plan["kills"],
        plan["pause_rate"], chance, Path(plan["log"]),
    )  # fmt: skip


def _post(plan: dict[str, Any], fate: Fate) -> None:
    settings = DatabaseSettings(**plan["database"])
    make = NaiveLedger if plan["is_naive"] else PlainLedger
    quiet = timedelta(seconds=0 if plan["is_naive"] else plan["quiet_seconds"])
    lease = timedelta(seconds=plan["lease_seconds"])
    with connect(settings, "poster", autocommit=False) as connection:
        erp = make(plan["erp"], plan["answer_seconds"], quiet)
        while not Path(plan["stop"]).exists():
            for entity in fate.chance.sample(plan["entities"], len(plan["entities"])):
                Outbox(connection, erp, entity, lease, fate.at).run()
            connection.commit()
            time.sleep(0.02)


if __name__ == "__main__":
    main()
