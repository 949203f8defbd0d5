"""An installation for each test, and the stages that many start from: built, posted, rebuilt."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from resources.code_identity import identity
from resources.warehouse import builds, ledger
from resources.warehouse.build_inputs import REBUILD_TAG
from resources.warehouse.handover import hand_over_lines
from tests.fixtures.installed import Pipeline, Stage, Stages, installed

LEAKY = b"ISA*00*CANARYBROKEN"
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
    to tieout_test_transform, tieout_test_preparer
"""


@pytest.fixture
def pipeline(database: Any, dbt_state: Path, tmp_path: Path) -> Iterator[Pipeline]:
    """An installation with as-of date 2026-10-31, open periods and no source configured."""
    with installed(database, dbt_state, tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="session")
def stages(
    clone: Any, template: str, dbt_state: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """Where stages are made; each is one database, dropped when the session ends."""

    def new_folder() -> Path:
        return tmp_path_factory.mktemp("stage")

    with ExitStack() as kept:
        yield Stages(clone, template, dbt_state, new_folder, kept)


@pytest.fixture(scope="session")
def built_stage(stages: Stages) -> Stage:
    """One claim's files and a broken one, received and built once with every check."""

    def act(pipeline: Pipeline) -> None:
        pipeline.receive_story()
        pipeline.receive("clearinghouse", "broken.835", LEAKY)
        pipeline.succeed("build")

    return stages.reach(act)


@pytest.fixture(scope="session")
def posted_stage(stages: Stages, built_stage: Stage) -> Stage:
    """The built stage after the post job."""
    return stages.reach(lambda pipeline: pipeline.succeed("post"), built_stage)


@pytest.fixture(scope="session")
def rebuilt_stage(stages: Stages, posted_stage: Stage) -> Stage:
    """The posted stage after the same files were received, built and posted once more."""

    def act(pipeline: Pipeline) -> None:
        pipeline.receive_story()
        pipeline.succeed("build", {REBUILD_TAG: "yes"})
        pipeline.succeed("post")

    return stages.reach(act, posted_stage)


@pytest.fixture
def built(stages: Stages, built_stage: Stage) -> Iterator[Pipeline]:
    """A copy of the built stage, for a test that may change it."""
    with stages.continued(built_stage) as made:
        yield made


@pytest.fixture
def posted(stages: Stages, posted_stage: Stage) -> Iterator[Pipeline]:
    """A copy of the posted stage, for a test that may change it."""
    with stages.continued(posted_stage) as made:
        yield made


@pytest.fixture
def approved_entry(pipeline: Pipeline) -> None:
    """One approved entry that may go, without a build: demanded, proposed, approved by policy."""
    with pipeline.database.admin() as connection:
        connection.execute(ONE_LINE)
        check = builds.ExpectedCheck("T1", "tie_out", "error")
        builds.deploy_checks(connection, [check], identity().code_hash)
    with pipeline.database.connect("transform") as connection:
        builds.begin(connection, "b1", date(2026, 10, 31), identity())
        builds.record(connection, "b1", [builds.CheckResult("T1", "tie_out", "error", True)])
        hand_over_lines(connection)
        connection.execute("select ops.issue_certificate('b1')")
        connection.commit()
    with pipeline.database.connect("preparer") as connection:
        assert ledger.propose(connection, "b1").proposed == 1
    with pipeline.database.connect("policy") as connection:
        assert ledger.approve_by_policy(connection, "b1").approved == 1
