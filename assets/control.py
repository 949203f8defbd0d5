"""What a build is held to: the checks expected of it, its exceptions, and the tie-outs.

The certificate over them is in `ledger.py`; dbt tests are recorded in `marts.py`, expectations in
`checks/`.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing

import dagster as dg

from assets.checks.suites import EXPECTATIONS
from assets.specs import ACCOUNTING, table_spec
from resources.dagster_resources import Installation, JobRun
from resources.dbt_runner import DbtNode
from resources.warehouse import builds, tie_outs

GROUP = "control"
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


def tie_out_checks(asset: dg.AssetKey, phase: str) -> list[dg.AssetCheckSpec]:
    """Describe one asset check per tie-out of a phase; none of them stops what comes after."""
    return [
        dg.AssetCheckSpec(t.id, asset=asset, blocking=False, description=t.title)
        for t in tie_outs.TIE_OUTS
        if t.phase == phase
    ]


def expect_checks(nodes: Iterable[DbtNode]) -> dg.AssetsDefinition:
    """Make the asset that writes down what builds must report: `nodes` of dbt and our own."""
    expected = [*map(node_expected, nodes), *suite_expected(), *tie_outs_expected()]

    @dg.multi_asset(specs=[EXPECTED], name="expect_checks", op_tags={"dagster/priority": "20"})
    def expect_checks(installation: Installation, build_run: JobRun) -> dg.MaterializeResult[None]:
        """Replace the list of expected checks by that of the code that runs now."""
        del build_run  # asked for because it keeps a second build out
        with closing(installation.connect("transform")) as connection:
            count = builds.expect(connection, expected)
        return dg.MaterializeResult(asset_key=EXPECTED.key, metadata={"checks": count})

    return expect_checks


@dg.multi_asset(specs=[BUILD_EXCEPTION], name="sync_exceptions")
def sync_exceptions(installation: Installation, build_run: JobRun) -> dg.MaterializeResult[None]:
    """Open an exception for each record that could not be posted, and close those mended."""
    with closing(installation.connect("transform")) as connection:
        still_open = builds.sync_exceptions(connection, build_run.build_id)
    return dg.MaterializeResult(
        asset_key=BUILD_EXCEPTION.key, metadata={"open_exceptions": still_open}
    )


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
        builds.record(connection, build_run.build_id, map(tie_out_result, found))
    yield dg.MaterializeResult(asset_key=CHECK_RESULT.key, metadata={"tie_outs": len(found)})
    yield from tie_out_reports(CHECK_RESULT.key, found)


def tie_out_reports(
    asset: dg.AssetKey, found: Iterable[tie_outs.TieOutResult]
) -> Iterator[dg.AssetCheckResult]:
    """Report each tie-out as a check: red where any of its scopes does not hold."""
    by_id: dict[str, list[tie_outs.TieOutResult]] = {}
    for result in found:
        by_id.setdefault(result.id, []).append(result)
    for tie_out_id, results in by_id.items():
        yield dg.AssetCheckResult(
            check_name=tie_out_id, asset_key=asset, passed=all(r.holds for r in results),
            severity=dg.AssetCheckSeverity.ERROR, metadata=_tie_out_table(results),
        )  # fmt: skip
