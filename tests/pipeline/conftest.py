"""A whole installation for pipeline tests: real database, real dbt, and an ERP of the tests' own.

The ERP keeps its documents in memory and can be told to misbehave; the jobs are the product's.
"""

import uuid
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
from orchestration.definitions import build_defs
from resources.dagster_resources import DBT_PROJECT, Erp, Installation
from resources.dbt_runner import DbtRunner
from resources.receipt import Receipt
from resources.warehouse import receiving


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
    manifest: Path
    erp: MemoryErp

    @property
    def ledger(self) -> MemoryLedger:
        return self.erp._ledger

    def receive(self, source: str, name: str, content: bytes) -> None:
        """Have a file archived and waiting to be loaded, as a connector leaves it."""
        now = datetime.now(UTC)
        with self.database.connect("ingest") as connection:
            receipt = Receipt(source, "/test", name, content, now)
            receiving.receive(connection, Installation().archive, receipt, now)

    def run(self, job: str, run_id: str | None = None) -> dg.ExecuteInProcessResult:
        """Execute a job of fresh definitions; failures are in the result."""
        definitions = build_defs(self.manifest, {"erp": self.erp})
        return definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            run_id=run_id or str(uuid.uuid4()),
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    def failures(self, result: dg.ExecuteInProcessResult) -> list[str]:
        """Name the steps that failed and what they say of it, nothing when all went well."""
        return [
            f"{event.step_key}: {(event.step_failure_data.user_failure_data or event.step_failure_data.error)}"
            for event in result.all_events
            if event.is_step_failure
        ]

    def open_periods(self) -> None:
        """Mirror the ERP's periods, as setting up an installation does."""
        with self.database.connect("poster", autocommit=False) as connection:
            for entity in ("NLH", "NPG"):
                for period in self.ledger.periods(entity):
                    connection.execute(
                        "select ledger.mirror_period(%s, %s, %s, %s, %s)",
                        (entity, period.start, period.end, period.reference,
                         "open" if period.is_open else "closed"),
                    )  # fmt: skip

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read with the auditor's rights, or the superuser's where patient data is asked for."""
        with self.database.admin() as connection:
            return connection.execute(query, values or None).fetchall()


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
        made = Pipeline(
            database,
            instance,
            dbt_state / "target" / "manifest.json",
            MemoryErp(installation=Installation()),
        )
        made.open_periods()
        yield made
