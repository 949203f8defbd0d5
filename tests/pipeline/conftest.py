"""A whole installation for pipeline tests: real database, real dbt, an ERP of the tests' own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from billing.ledger.erp import ErpLedger
from orchestration.definitions import build_defs, own_resources
from resources.dagster_resources import Erp, Installation
from resources.receipt import Receipt
from resources.warehouse import builds, ledger, receiving
from tests.fixtures.memory_erp import MemoryLedger

STORY = Path(__file__).parents[1] / "fixtures" / "pipeline"
ONE_LINE = """
create table marts.fct_ledger_line as
select 'l' || side as line_id, 'e1' as event_id, 'charge.posted' as event, 'JR01' as rule,
    'v1' as rule_version, account, signed_amount, 'NLH' as entity_code, 'MAIN' as facility_code,
    'commercial' as payer_class, 'c' as claim_key, 'a' as account_key, null::text as control_key,
    'none' as approval_class, date '2026-09-15' as original_date, true as reaches_erp,
    'h' as evidence_hash, null::uuid as file_id, 1 as segment, now() as known_at
from (values (1, '1110', 100.00::numeric(14, 2)), (2, '4010', -100.00::numeric(14, 2)))
    as line (side, account, signed_amount);
create table marts.fct_billing_event as
select 'e1' as event_id, 'JR01' as rule, 'v1' as rule_version, 'NLH' as entity_code,
    date '2026-09-15' as event_date;
grant select on marts.fct_ledger_line, marts.fct_billing_event
    to tieout_test_owner, tieout_test_preparer
"""


def memory_erp(books: MemoryLedger, installation: Installation) -> Erp:
    """Make the ERP resource with the ledger of a test behind it.

    A class of its own, because Dagster copies resources and leaves their private state behind.
    """

    class MemoryErp(Erp):
        @property
        def is_configured(self) -> bool:
            return True

        def ledger(self) -> ErpLedger:
            return books

    return MemoryErp(installation=installation)


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
        erp = memory_erp(self.ledger, self.installation)
        return build_defs(runner.manifest_path, {**own_resources(self.installation), "erp": erp})

    def run(self, job: str) -> dg.ExecuteInProcessResult:
        """Execute a job; what failed is in the result."""
        return (
            self.definitions()
            .resolve_job_def(job)
            .execute_in_process(
                instance=self.instance,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
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


@pytest.fixture
def approved_entry(pipeline: Pipeline) -> None:
    """One approved entry that may go, without a build: demanded, proposed, approved by policy."""
    with pipeline.database.admin() as connection:
        connection.execute(ONE_LINE)
    with pipeline.database.connect("transform") as connection:
        builds.begin(connection, "b1", date(2026, 10, 31))
        builds.expect(connection, [builds.ExpectedCheck("T1", "tie_out", "error")])
        builds.record(connection, "b1", [builds.CheckResult("T1", "tie_out", "error", True)])
        builds.issue_certificate(connection, "b1")
    with pipeline.database.connect("preparer") as connection:
        assert ledger.propose(connection, "b1").proposed == 1
    with pipeline.database.connect("policy") as connection:
        assert ledger.approve_by_policy(connection, "b1").approved == 1
