"""A whole installation for pipeline tests: real database, real dbt, and an ERP of the tests' own.

The ERP keeps its documents in memory and can be told to misbehave; the jobs are the product's.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import PrivateAttr

from billing.ledger.erp import (
    Capabilities,
    ErpDocument,
    ErpLedger,
    ErpPeriod,
    ErpRejected,
    ErpUnknown,
    JournalEntry,
    Reason,
)
from orchestration.definitions import build_defs, own_resources
from resources.dagster_resources import DBT_PROJECT, Erp, Installation
from resources.dbt_runner import DbtRunner
from resources.receipt import Receipt
from resources.warehouse import ledger, receiving

STORY = Path(__file__).parents[1] / "fixtures" / "pipeline"


@dataclass
class MemoryLedger:
    """An ERP that refuses a second document of one key, as Tryton does with our module."""

    name: str = "memory"
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(True, False, True, 10_000)
    )
    documents: dict[tuple[str, str], ErpDocument] = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)
    closed: set[date] = field(default_factory=set)
    misbehave: Callable[[JournalEntry], str] = field(default=lambda _: "")

    def find(self, entity: str, key: str) -> ErpDocument | None:
        return self.documents.get((entity, key))

    def post(self, entry: JournalEntry) -> ErpDocument:
        known = self.find(entry.entity, entry.key)
        if known is not None:
            return known
        self.attempts.append(entry.key)
        how = self.misbehave(entry)
        if how == "reject":
            raise ErpRejected(Reason.PERIOD_CLOSED)
        if how == "lose the request":
            raise ErpUnknown(Reason.TIMEOUT)
        document = self._keep(entry)
        if how == "lose the answer":
            raise ErpUnknown(Reason.CONNECTION)
        if how == "die":
            raise KeyboardInterrupt
        return document

    def periods(self, entity: str) -> list[ErpPeriod]:
        months = [date(2026, month, 1) for month in range(1, 13)]
        ends = [*(date.fromordinal(d.toordinal() - 1) for d in months[1:]), date(2026, 12, 31)]
        return [
            ErpPeriod(entity, start, end, f"P{start.month}", start not in self.closed)
            for start, end in zip(months, ends, strict=True)
        ]

    def balances(self, entity: str, as_of: date) -> Mapping[str, Decimal]:
        found: dict[str, Decimal] = {}
        for (owner, _), document in self.documents.items():
            if owner == entity and document.accounting_date <= as_of:
                for line in document.lines:
                    amount = line.debit - line.credit
                    found[line.account] = found.get(line.account, Decimal(0)) + amount
        return found

    def _keep(self, entry: JournalEntry) -> ErpDocument:
        number = str(len(self.documents) + 1)
        document = ErpDocument(
            f"move,{number}", number, entry.key, "posted", entry.accounting_date, entry.lines
        )
        return self.documents.setdefault((entry.entity, entry.key), document)


class MemoryErp(Erp):
    """The ERP resource with the ledger of a test behind it."""

    _ledger: MemoryLedger = PrivateAttr(default_factory=MemoryLedger)

    @property
    def is_configured(self) -> bool:
        return True

    def ledger(self) -> ErpLedger:
        return self._ledger


@dataclass
class Pipeline:
    """Runs the product's jobs over a test's database."""

    database: Any
    instance: dg.DagsterInstance
    home: Path
    installation: Installation = field(default_factory=Installation)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)

    def receive(self, source: str, name: str, content: bytes) -> None:
        """Have a file archived and waiting to be loaded, as a connector leaves it."""
        now = datetime.now(UTC)
        receipt = Receipt(source, "/test", name, content, now)
        with self.database.connect("ingest") as connection:
            receiving.receive(connection, self.installation.archive, receipt, now)

    def receive_story(self, *names: str) -> None:
        """Receive the files of one claim: sent, paid in part, and the money at the bank."""
        for name in names or ("claim.837", "remittance.835", "statement.bai"):
            source = "bank" if name.endswith(".bai") else "clearinghouse"
            self.receive(source, name, (STORY / name).read_bytes())

    def use_project(self, project: Path) -> None:
        """Build with another dbt project from now on, parsed in a state folder of its own."""
        (self.home / "dbt").unlink(missing_ok=True)
        self.installation = Installation(dbt_project=str(project))

    def definitions(self) -> dg.Definitions:
        """Make fresh definitions over the test's ERP."""
        runner = self.installation.dbt
        runner.ensure_manifest()
        erp = MemoryErp(installation=self.installation)
        erp._ledger = self.ledger
        return build_defs(runner.manifest_path, {**own_resources(self.installation), "erp": erp})

    def run(self, job: str) -> dg.ExecuteInProcessResult:
        """Execute a job; what failed is in the result."""
        return self.definitions().resolve_job_def(job).execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    def succeed(self, job: str) -> dg.ExecuteInProcessResult:
        """Execute a job that must not fail."""
        result = self.run(job)
        assert failed_steps(result) == []
        return result

    def open_periods(self) -> None:
        """Mirror the ERP's periods, as setting up an installation does."""
        with self.database.connect("poster", autocommit=False) as connection:
            for entity in ("NLH", "NPG"):
                for period in self.ledger.periods(entity):
                    ledger.mirror_period(connection, period)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read whatever a test wants to see, as the superuser."""
        with self.database.admin() as connection:
            return connection.execute(query, values or None).fetchall()

    def states(self) -> dict[str, int]:
        """Count entries by state."""
        return dict(self.rows("select state, count(*) from ledger.entry group by state"))


def failed_steps(result: dg.ExecuteInProcessResult) -> list[str]:
    return [str(event.step_key) for event in result.all_events if event.is_step_failure]


@pytest.fixture(scope="session")
def dbt_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parsed dbt project for all tests of the session."""
    folder = tmp_path_factory.mktemp("dbt")
    DbtRunner(DBT_PROJECT, folder).ensure_manifest()
    return folder


@pytest.fixture
def pipeline(
    database: Any, dbt_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """An installation with as-of date 2026-10-31, open periods and no source configured."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "dbt").symlink_to(dbt_state)
    for name, value in {**database.environ(), "TIEOUT_HOME": str(home)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_REDACT_USER_CODE_ERRORS", "1")
    with database.admin() as connection:
        connection.execute("update ops.installation set as_of_date = '2026-10-31'")
    with dg.DagsterInstance.ephemeral() as instance:
        made = Pipeline(database, instance, home)
        made.open_periods()
        yield made
