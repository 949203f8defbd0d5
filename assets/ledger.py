"""From marts to approved entries: cut-off, exceptions, certificate, proposal, approval by policy.

Each body asks the database; what may be approved or sent is decided there.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import dagster as dg

from assets.metadata import certificate_table, held_table
from assets.runbook import PAGE
from assets.specs import ACCOUNTING, table_spec
from resources.dagster_resources import Installation, JobRun
from resources.warehouse import builds, ledger, releases
from resources.warehouse.holds import held_entries

GROUP = "ledger"
KINDS = {"postgres"}
RAW_KEYS = tuple(
    dg.AssetKey(["raw", table])
    for table in ("claim", "remittance", "bank_statement", "ehr_charge", "card_charge")
)
FACT = dg.AssetKey(["marts", "fct_ledger_line"])


def _spec(schema: str, table: str, what: str, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    return table_spec(
        schema, table, what, group=GROUP, owner=ACCOUNTING, kinds=KINDS, has_phi=False, deps=deps
    )


# Skippable: a run that finds the newest build current leaves it and all that follows as it is.
CUTOFF = _spec(
    "ledger",
    "cutoff",
    "One row per entity and close: the date, and the moment up to which evidence was known.",
    list(RAW_KEYS),
).replace_attributes(skippable=True)
CERTIFICATE = _spec(
    "ledger",
    "certificate",
    "One row per build: every expected check with its outcome; one that is missing has not passed.",
    [dg.AssetKey(["ops", "check_result"]), dg.AssetKey(["ops", "expected_check"])],
)
ENTRY = _spec(
    "ledger",
    "entry",
    "One row per journal entry: the difference between what evidence demands and what is recorded.",
    [FACT, CERTIFICATE.key, dg.AssetKey(["erp", "period"])],
)
APPROVAL = _spec(
    "ledger",
    "approval",
    "One row per signature on an entry; policy signs what its class and limits allow.",
    [ENTRY.key],
)


@dg.multi_asset(specs=[CUTOFF], name="record_cutoff")
def record_cutoff(
    context: dg.AssetExecutionContext, installation: Installation, build_run: JobRun
) -> Iterator[dg.MaterializeResult[None]]:
    """Record the cut-off of each entity at the as-of date; one that exists stays as it is.

    Where a platform is left running, the as-of date first follows what was received. Then all
    evidence of this run is known, and a newest build that is still current is not built again.
    """
    as_of = build_run.follow_evidence()
    with closing(installation.connect("preparer")) as connection:
        codes = builds.entities(connection)
        for entity in codes:
            ledger.record_cutoff(connection, entity, as_of)
        connection.commit()
    verdict = build_run.find_current()
    context.log.info(verdict.reason)
    if verdict.build_id is None:
        metadata: dict[str, Any] = {
            "as_of_date": as_of.isoformat(), "entities": len(codes), "why": verdict.reason,
        }  # fmt: skip
        yield dg.MaterializeResult(asset_key=CUTOFF.key, metadata=metadata)
    else:
        _propose_and_approve(installation, verdict.build_id)


def _propose_and_approve(installation: Installation, build_id: str) -> None:
    """Let the ledger follow what people and the ERP did since, under a build that is current.

    Periods open, entries are rejected and daily limits are free again without a new build.
    """
    with closing(installation.connect("preparer")) as connection:
        ledger.propose(connection, build_id)
        connection.commit()
    with closing(installation.connect("policy")) as connection:
        ledger.approve_by_policy(connection, build_id)
        connection.commit()


@dg.multi_asset(
    specs=[CERTIFICATE],
    name="issue_certificate",
    check_specs=[
        dg.AssetCheckSpec(
            "passes", asset=CERTIFICATE.key, blocking=False,
            description="Every blocking check of the build ran and passed.",
        )
    ],
)  # fmt: skip
def issue_certificate(
    installation: Installation, build_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Issue the certificate of this build, whatever its checks say."""
    with closing(installation.connect("transform")) as connection:
        issued = builds.issue_certificate(connection, build_run.build_id)
    counts: dict[str, Any] = {
        "checks": issued.check_count,
        "failed": issued.failed_count,
        "missing": issued.missing_count,
        "content_hash": issued.content_hash,
    }
    table = {"lines": certificate_table(issued)}
    yield dg.MaterializeResult(asset_key=CERTIFICATE.key, metadata={**counts, **table})
    yield dg.AssetCheckResult(
        check_name="passes", asset_key=CERTIFICATE.key, passed=issued.passes,
        severity=dg.AssetCheckSeverity.ERROR, metadata=counts,
    )  # fmt: skip


@dg.multi_asset(
    specs=[ENTRY],
    name="propose_entries",
    check_specs=[
        dg.AssetCheckSpec(
            "rules_are_released", asset=ENTRY.key, blocking=False,
            description="Rules and code of this build: written, approved, deployed by three.",
        )
    ],
)  # fmt: skip
def propose_entries(
    installation: Installation, build_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Propose the difference; unsent entries are stamped with this build."""
    with closing(installation.connect("preparer")) as connection:
        found = ledger.propose(connection, build_run.build_id)
        connection.commit()
        ran = releases.of_build(connection, build_run.build_id)
    metadata = {
        "proposed": found.proposed, "replaced": found.voided, "unchanged": found.unchanged,
    }  # fmt: skip
    hashes: dict[str, Any] = {
        "rule_set_hash": ran.rule_set_hash, "code_hash": ran.code_hash,
        "release": "tieout policy release", "runbook": PAGE,
    }  # fmt: skip
    yield dg.MaterializeResult(asset_key=ENTRY.key, metadata=metadata)
    yield dg.AssetCheckResult(
        check_name="rules_are_released", asset_key=ENTRY.key, passed=ran.is_released,
        severity=dg.AssetCheckSeverity.WARN, metadata=hashes,
    )  # fmt: skip


@dg.multi_asset(specs=[APPROVAL], name="approve_by_policy")
def approve_by_policy(installation: Installation, build_run: JobRun) -> dg.MaterializeResult[None]:
    """Have policy sign what it may; the rest waits for a person."""
    with closing(installation.connect("policy")) as connection:
        found = ledger.approve_by_policy(connection, build_run.build_id)
        connection.commit()
    with closing(installation.connect("poster")) as connection:
        held = held_table(held_entries(connection))
        anchor = installation.keep_anchor(connection)
    metadata: dict[str, Any] = {
        "approved": found.approved,
        "waiting": found.waiting,
        "audit_anchor": anchor,
        "held_entries": held,
    }
    return dg.MaterializeResult(asset_key=APPROVAL.key, metadata=metadata)
