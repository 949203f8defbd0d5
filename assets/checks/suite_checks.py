"""Suites of expectations as Dagster asset checks that stop nothing and are always recorded."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import dagster as dg

from assets.checks.expectation import Expectation, Judgement, judge
from resources.dagster_resources import Installation, JobRun
from resources.warehouse import builds

# A check that does not block orders nothing: only its priority puts it before the certificate.
BEFORE_THE_CERTIFICATE = {"dagster/priority": "10"}
SEVERITIES = {"error": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def suite_checks(name: str, suite: Sequence[Expectation]) -> dg.AssetChecksDefinition:
    """Make one step that judges a suite and yields one check per expectation."""
    specs = [
        dg.AssetCheckSpec(
            e.name, asset=["marts", e.mart], description=e.description, blocking=False
        )
        for e in suite
    ]

    @dg.multi_asset_check(specs=specs, name=name, op_tags=BEFORE_THE_CERTIFICATE)
    def judge_suite(installation: Installation, build_run: JobRun) -> Iterator[dg.AssetCheckResult]:
        """Judge the suite, keep every outcome, and report each."""
        judgements = judge(installation, suite)
        with closing(installation.connect("transform")) as connection:
            builds.record(connection, build_run.build_id, [j.result for j in judgements])
        yield from map(_reported, judgements)

    return judge_suite


def _reported(judgement: Judgement) -> dg.AssetCheckResult:
    expectation = judgement.expectation
    return dg.AssetCheckResult(
        asset_key=["marts", expectation.mart],
        check_name=expectation.name,
        passed=judgement.has_passed,
        severity=SEVERITIES[expectation.severity],
        metadata={
            "failing_rows": judgement.failing_count,
            "failing_keys": list(judgement.failing_keys),
        },
    )
