"""What a build is held to: the checks expected of it, its exceptions, and the tie-outs.

The certificate over them is in `ledger.py`; dbt tests are recorded in `marts.py`, expectations in
`checks/`.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from decimal import Decimal

import dagster as dg

from assets.checks.suites import EXPECTATIONS
from assets.marts import node_expected
from assets.metadata import tie_out_table
from assets.specs import ACCOUNTING, table_spec
from resources.dagster_resources import Installation, JobRun
from resources.dbt_nodes import DbtNode
from resources.warehouse import builds, tie_outs
from resources.warehouse.builds import CheckResult, ExpectedCheck
from resources.warehouse.handover import hand_over_reconciliations
from resources.warehouse.tie_outs import TieOutResult

GROUP = "control"
NOT_DEPLOYED = (
    "the expected checks in the database are not those of this code: start Tieout again (`tieout"
    " run`, or `tieout up`), which deploys them as the administrator"
)
MARTS = tuple(
    dg.AssetKey(["marts", name])
    for name in ("fct_ledger_line", "mart_ar_rollforward", "mart_ar_aging", "mart_file_outcome")
)


def _spec(table: str, what: str, deps: Iterable[dg.AssetKey]) -> dg.AssetSpec:
    return table_spec(
        "ops", table, what, group=GROUP, owner=ACCOUNTING, kinds={"postgres"},
        has_phi=False, deps=deps,
    )  # fmt: skip


EXPECTED = _spec("expected_check", "One row per check that every build must report.", ())
BUILD_EXCEPTION = _spec(
    "build_exception",
    "Records that this build could not post, mirrored into ops.exception; closed once mended.",
    [dg.AssetKey(["intermediate", "int_record_outcome"])],
)
CHECK_RESULT = _spec("check_result", "One row per build and check: how it came out.", MARTS)
LEDGER_TIE_OUT = _spec(
    "ledger_tie_out",
    "The tie-outs over what was posted: sub-ledger, ledger and the ERP's own balances.",
    [dg.AssetKey(["marts", "mart_ledger_reconciliation"])],
)


def tie_out_checks(asset: dg.AssetKey, phase: tie_outs.Phase) -> list[dg.AssetCheckSpec]:
    """Describe one asset check per tie-out of a phase; none of them stops what comes after."""
    return [
        dg.AssetCheckSpec(t.id, asset=asset, blocking=False, description=t.title)
        for t in tie_outs.TIE_OUTS
        if t.phase == phase
    ]


def expected_checks(nodes: Iterable[DbtNode]) -> list[ExpectedCheck]:
    """Return what a build of this code must report: `nodes` of dbt, expectations, tie-outs."""
    return [
        *map(node_expected, nodes),
        *(expectation.expected for expectation in EXPECTATIONS),
        *(ExpectedCheck(t.id, "tie_out", "error") for t in tie_outs.TIE_OUTS if t.phase == "build"),
    ]


def expect_checks(nodes: Iterable[DbtNode]) -> dg.AssetsDefinition:
    """Make the asset of what builds must report: `nodes` of dbt and our own checks."""
    expected = expected_checks(nodes)

    @dg.multi_asset(specs=[EXPECTED], name="expect_checks", op_tags={"dagster/priority": "20"})
    def expect_checks(installation: Installation, build_run: JobRun) -> dg.MaterializeResult[None]:
        """Find the checks of this code deployed. A build cannot deploy what it is held to."""
        del build_run  # asked for because it keeps a second build out
        with closing(installation.connect("transform")) as connection:
            deployed = builds.deployed_checks(connection)
        if deployed != set(expected):
            raise dg.Failure(NOT_DEPLOYED, metadata={"checks": len(expected)}, allow_retries=False)
        return dg.MaterializeResult(asset_key=EXPECTED.key, metadata={"checks": len(deployed)})

    return expect_checks


@dg.multi_asset(specs=[BUILD_EXCEPTION], name="sync_exceptions")
def sync_exceptions(installation: Installation, build_run: JobRun) -> dg.MaterializeResult[None]:
    """Open an exception for each record that could not be posted, and close those mended."""
    with closing(installation.connect("transform")) as connection:
        found = builds.sync_exceptions(connection, build_run.build_id)
    metadata = {"opened": found.opened, "still_open": found.still_open, "closed": found.closed}
    return dg.MaterializeResult(asset_key=BUILD_EXCEPTION.key, metadata=metadata)


@dg.multi_asset(
    specs=[CHECK_RESULT],
    name="tie_out_build",
    check_specs=tie_out_checks(CHECK_RESULT.key, "build"),
)
def tie_out_build(
    installation: Installation, build_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Evaluate the tie-outs of a build and keep both sides and the difference of each."""
    with closing(installation.connect("transform")) as connection:
        found = tie_outs.evaluate(connection, "build")
        builds.record(connection, build_run.build_id, by_tie_out(found, "build"))
    yield dg.MaterializeResult(asset_key=CHECK_RESULT.key, metadata={"tie_outs": len(found)})
    yield from tie_out_reports(CHECK_RESULT.key, found, "build")


@dg.multi_asset(
    specs=[LEDGER_TIE_OUT],
    name="tie_out_post",
    check_specs=tie_out_checks(LEDGER_TIE_OUT.key, "post"),
)
def tie_out_post(
    installation: Installation, post_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Evaluate the tie-outs between the sub-ledger, the ledger and the ERP."""
    del post_run  # asked for because it keeps a second post run out
    with closing(installation.connect("transform")) as connection:
        hand_over_reconciliations(connection)
        found = tie_outs.evaluate(connection, "post")
        # Never into a build that is still at work: its certificate would take them in.
        build_id = builds.newest_certified(connection)
        if build_id is not None:
            builds.record(connection, build_id, by_tie_out(found, "post"))
    yield dg.MaterializeResult(asset_key=LEDGER_TIE_OUT.key, metadata={"tie_outs": len(found)})
    yield from tie_out_reports(LEDGER_TIE_OUT.key, found, "post")


def by_tie_out(found: Iterable[TieOutResult], phase: tie_outs.Phase) -> list[CheckResult]:
    """Make one outcome per tie-out. Sides are kept where it has one scope: scopes are not added."""
    return [_outcome(number, results) for number, results in _grouped(found, phase).items()]


def _outcome(tie_out_id: str, results: list[TieOutResult]) -> CheckResult:
    only = results[0] if len(results) == 1 else None
    return CheckResult(
        check_id=tie_out_id,
        kind="tie_out",
        severity="error",
        has_passed=all(result.holds for result in results),
        left_amount=only.left if only else None,
        right_amount=only.right if only else None,
        difference=sum((abs(result.difference) for result in results), Decimal(0)),
        failing_count=sum(not result.holds for result in results),
    )


def tie_out_reports(
    asset: dg.AssetKey, found: Iterable[TieOutResult], phase: tie_outs.Phase
) -> Iterator[dg.AssetCheckResult]:
    """Report each tie-out as a check: red where any of its scopes does not hold."""
    for tie_out_id, results in _grouped(found, phase).items():
        yield dg.AssetCheckResult(
            check_name=tie_out_id,
            asset_key=asset,
            passed=all(result.holds for result in results),
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={"sides": tie_out_table(results)},
        )


def _grouped(found: Iterable[TieOutResult], phase: tie_outs.Phase) -> dict[str, list[TieOutResult]]:
    """Group by tie-out. One without any scope is there too: where there is nothing, all is said."""
    grouped: dict[str, list[TieOutResult]] = {
        tie_out.id: [] for tie_out in tie_outs.TIE_OUTS if tie_out.phase == phase
    }
    for result in found:
        grouped[result.id].append(result)
    return grouped
