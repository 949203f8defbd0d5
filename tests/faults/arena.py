"""One fault run: real PostgreSQL, a misbehaving ERP and posters, each a process that may die.

`run` fights it out and counts; nothing here knows what should come out. Bounded in time.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from tests.faults.stage import Ground, Stage, Verdict, judge, prepared, staged

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
POSTERS = 3
LEASE_SECONDS = 3.0
QUIET_SECONDS = 1.5
LATE_SECONDS = 0.8  # shorter than quiet: that is what the quiet time says of the ERP
ANSWER_SECONDS = 0.4


@dataclass(frozen=True)
class Fight:
    """What is to happen; all of it from one seed."""

    seed: int
    batches: int
    fault_rate: float = 0.35
    pause_rate: float = 0.01
    is_naive: bool = False

    @property
    def kills(self) -> int:
        return 0 if self.fault_rate == 0 else max(12, self.batches // 12)

    @property
    def database_stops(self) -> int:
        return 0 if self.fault_rate == 0 else max(2, self.batches // 200)

    @property
    def most_seconds(self) -> float:
        """A bound for what hangs, not a measure: far above what any run has taken."""
        return 60.0 + 3.0 * self.batches

    def undisturbed(self) -> "Fight":
        """Return the same batches without any fault."""
        return replace(self, fault_rate=0.0, pause_rate=0.0, is_naive=False)


@dataclass
class Outcome:
    """What a fight came to."""

    verdict: Verdict
    faults: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    pauses: int = 0
    database_stops: int = 0
    seconds: float = 0.0


@dataclass
class Arena:
    """The processes of one fight; all of them are gone when it is left."""

    fight: Fight
    stage: Stage
    folder: Path
    posters: list[subprocess.Popen[bytes]] = field(default_factory=list)
    started: int = 0
    stopped_since: dict[int, float] = field(default_factory=dict)
    database_stops: int = 0

    def run(self, tell: Callable[[int, int], None]) -> Outcome:
        """Let posters fight until everything is posted; `tell` hears (posted, batches)."""
        began = time.monotonic()
        with self._erp() as url:
            self._write_plan(url)
            try:
                self._until_settled(began, tell)
            finally:
                self._stop_posters()
            every = requests.get(f"{url}/documents", timeout=60).json()
            faults = self._faults(url)
        kills = Counter(line.split()[1] for line in self._log("KILLED"))
        return Outcome(
            judge(self.stage, every), faults, kills, len(self._log("PAUSED")),
            self.database_stops, time.monotonic() - began,
        )  # fmt: skip

    def _until_settled(self, began: float, tell: Callable[[int, int], None]) -> None:
        stops = self._moments_of_stops()
        while True:
            self._keep_posters()
            self._wake_up()
            with contextlib.suppress(psycopg.Error):
                posted, waiting = self.stage.counts()
                tell(posted, self.fight.batches)
                if waiting == 0:
                    return
                if stops and posted >= stops[0]:
                    stops.pop(0)
                    self._stop_database()
            if time.monotonic() - began > self.fight.most_seconds:
                return  # what is not posted by now is counted as missing
            time.sleep(0.1)

    def _moments_of_stops(self) -> list[int]:
        """Return after how many posted batches the database is stopped hard."""
        chance = random.Random(f"{self.fight.seed}-database")
        count, batches = self.fight.database_stops, self.fight.batches
        return sorted(chance.randrange(1, max(2, batches * 9 // 10)) for _ in range(count))

    def _stop_database(self) -> None:
        """Stop PostgreSQL as a power cut would, and start it again."""
        postmaster = self.stage.postgres._postmaster()
        assert postmaster is not None
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(60)
        self.database_stops += 1
        self.stage.postgres.start()

    def _keep_posters(self) -> None:
        """Start a poster for each that died."""
        wanted = POSTERS if self.fight.fault_rate else 1
        self.posters = [one for one in self.posters if one.poll() is None]
        while len(self.posters) < wanted:
            command = [sys.executable, str(HERE / "poster.py"), str(self._plan), str(self.started)]
            with (self.folder / "posters.log").open("ab") as log:
                self.posters.append(
                    subprocess.Popen(
                        command,
                        cwd=ROOT,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        env={**os.environ, "PYTHONPATH": str(ROOT)},
                    )
                )
            self.started += 1

    def _wake_up(self) -> None:
        """Let frozen posters go on, after their lease is over."""
        now = time.monotonic()
        for one in self.posters:
            with contextlib.suppress(psutil.NoSuchProcess):
                if psutil.Process(one.pid).status() != psutil.STATUS_STOPPED:
                    self.stopped_since.pop(one.pid, None)
                elif now - self.stopped_since.setdefault(one.pid, now) > LEASE_SECONDS * 1.2:
                    one.send_signal(signal.SIGCONT)

    def _stop_posters(self) -> None:
        (self.folder / "stop").touch()
        for one in self.posters:
            one.send_signal(signal.SIGCONT)
            try:
                one.wait(30)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()

    @contextlib.contextmanager
    def _erp(self) -> Iterator[str]:
        place, plan = self.folder / "erp", self.folder / "erp.json"
        plan.write_text(json.dumps(self.stage.erp_plan()))
        command = [
            sys.executable, "-m", "sandbox.erp.plain", "--address-file", str(place),
            "--plan", str(plan), "--seed", str(self.fight.seed),
            "--rate", str(self.fight.fault_rate), "--late-seconds", str(LATE_SECONDS),
        ]  # fmt: skip
        with (self.folder / "erp.log").open("ab") as log:
            server = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            while not place.exists():
                if server.poll() is not None:
                    raise RuntimeError(f"the ERP did not start: {self.folder / 'erp.log'}")
                time.sleep(0.02)
            yield place.read_text()
        finally:
            server.kill()
            server.wait()

    def _write_plan(self, url: str) -> None:
        plan = {
            "seed": self.fight.seed, "kills": self.fight.kills, "erp": url,
            "pause_rate": self.fight.pause_rate, "is_naive": self.fight.is_naive,
            "lease_seconds": LEASE_SECONDS, "quiet_seconds": QUIET_SECONDS,
            "answer_seconds": ANSWER_SECONDS if self.fight.fault_rate else 30.0,
            "entities": ["NLH", "NPG"], "stop": str(self.folder / "stop"),
            "log": str(self.folder / "fates.log"), "database": self.stage.database_plan(),
        }  # fmt: skip
        self._plan.write_text(json.dumps(plan))

    @property
    def _plan(self) -> Path:
        return self.folder / "plan.json"

    def _log(self, word: str) -> list[str]:
        path = self.folder / "fates.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if line.startswith(word)]

    def _faults(self, url: str) -> int:
        return int(requests.get(f"{url}/faults", timeout=60).json()["count"])


def run(
    fight: Fight,
    tell: Callable[[int, int], None] = lambda *_: None,
    ground: Ground | None = None,
) -> Outcome:
    """Stage the batches, on a PostgreSQL of their own unless one is given, fight, and tidy up."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-faults-"))
    folder.chmod(0o711)
    own = prepared(folder / "postgres") if ground is None else contextlib.nullcontext(ground)
    with own as place, staged(place, fight.seed, fight.batches) as stage:
        outcome = Arena(fight, stage, folder).run(tell)
    shutil.rmtree(folder)  # kept, with its logs, when something was raised
    return outcome


def summary(fight: Fight, outcome: Outcome, undisturbed: Outcome) -> dict[str, Any]:
    """Return the line that ends a run."""
    return {
        "seed": fight.seed, "batches": fight.batches, "faults": outcome.faults,
        "kills": sum(outcome.kills.values()), "database_stops": outcome.database_stops,
        "duplicates": outcome.verdict.duplicates, "missing": outcome.verdict.missing,
        "checksum_equal": outcome.verdict.checksums == undisturbed.verdict.checksums,
        "audit_chain_ok": not outcome.verdict.problems,
    }  # fmt: skip
