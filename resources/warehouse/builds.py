"""The record of builds: begun, ended, what was expected of them and how each check came out.

Each outcome is committed by itself, so that a later failure cannot take it back.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import psycopg

from resources.code_identity import Identity
from resources.warehouse.handover import hand_over_build, hand_over_exceptions

Kind = Literal["dbt_test", "expectation", "tie_out", "model"]
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class ExpectedCheck:
    """A check that a build must report; one that never ran counts as not passed."""

    check_id: str
    kind: Kind
    severity: Severity

    @property
    def is_blocking(self) -> bool:
        """Say whether a failure keeps entries from the ERP."""
        return self.severity == "error"


@dataclass(frozen=True)
class CheckResult:
    """How one check came out. Amounts where it compares two sides; never a value of a document."""

    check_id: str
    kind: Kind
    severity: Severity
    has_passed: bool
    left_amount: Decimal | None = None
    right_amount: Decimal | None = None
    difference: Decimal | None = None
    failing_count: int | None = None

    @property
    def is_blocking(self) -> bool:
        """Say whether a failure keeps entries from the ERP."""
        return self.severity == "error"


@dataclass(frozen=True)
class CertificateRow:
    """One line of a close certificate; `status` is passed, failed or missing."""

    check_id: str
    kind: str
    severity: str
    is_blocking: bool
    status: str
    left_amount: Decimal | None
    right_amount: Decimal | None
    difference: Decimal | None
    failing_count: int | None


@dataclass(frozen=True)
class Certificate:
    """What `ops.certificate` keeps of a build, and the lines that it stands on, failures first."""

    build_id: str
    passes: bool
    check_count: int
    failed_count: int
    missing_count: int
    content_hash: str
    rows: Sequence[CertificateRow]


@dataclass(frozen=True)
class Synced:
    """What mirroring a build's exceptions did."""

    opened: int
    still_open: int
    closed: int


def as_of(connection: psycopg.Connection[Any]) -> date:
    """Return the stored as-of date. Raises LookupError where none is stored."""
    found = connection.execute("select as_of_date from ops.installation").fetchone()
    if found is None:
        raise LookupError("ops.installation is empty: governance has not been loaded")
    stored: date = found[0]
    return stored


LATEST_EVIDENCE = """
select max(day) from (
    select max(payment_date) as day from raw.remittance where payment_date <= %(until)s
    union all select max(as_of_date) from raw.bank_statement where as_of_date <= %(until)s
    union all select max(posted_date) from raw.ehr_charge where posted_date <= %(until)s
    union all
    select max((captured_at at time zone 'UTC')::date) from raw.card_charge
    where (captured_at at time zone 'UTC')::date <= %(until)s
) as evidence
"""


def latest_evidence(connection: psycopg.Connection[Any], until: date) -> date | None:
    """Return the newest date of a payment, statement, charge or card charge, up to `until`."""
    found = connection.execute(LATEST_EVIDENCE, {"until": until}).fetchone()
    return found[0] if found else None


def move_as_of(connection: psycopg.Connection[Any], build_id: str, to: date) -> date:
    """Move the as-of date on to a later day, of the running build too; return what it is now.

    It never moves back, nor past today (UTC).
    """
    found = connection.execute("select ops.move_as_of(%s, %s)", (build_id, to)).fetchone()
    connection.commit()
    moved: date = found[0] if found else to
    return moved


def entities(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the codes of all legal entities, in order."""
    rows = connection.execute("select entity_code from ops.entity order by entity_code")
    return [row[0] for row in rows]


def newest_certified(connection: psycopg.Connection[Any]) -> str | None:
    """Return the id of the newest build that has its certificate; None where there is none."""
    found = connection.execute(
        "select build_id from ops.build join ops.certificate using (build_id)"
        " order by started_at desc, build_id desc limit 1"
    ).fetchone()
    return None if found is None else str(found[0])


def begin(
    connection: psycopg.Connection[Any],
    build_id: str,
    as_of_date: date,
    running: Identity | None = None,
) -> None:
    """Record that a build began, and under which rules and code (None: it does not say).

    A build that was left running died: it is marked as failed.
    """
    hashes = (running.rule_set_hash, running.code_hash) if running else (None, None)
    connection.execute(
        "update ops.build set status = 'failed', finished_at = clock_timestamp()"
        " where status = 'running' and build_id <> %s",
        (build_id,),
    )
    connection.execute(
        "insert into ops.build (build_id, as_of_date, started_at, rule_set_hash, code_hash)"
        " values (%s, %s, clock_timestamp(), %s, %s) on conflict (build_id) do nothing",
        (build_id, as_of_date, *hashes),
    )
    connection.commit()


def finish(connection: psycopg.Connection[Any], build_id: str, *, is_good: bool) -> None:
    """Record that a build ended."""
    connection.execute(
        "update ops.build set status = %s, finished_at = clock_timestamp() where build_id = %s",
        ("succeeded" if is_good else "failed", build_id),
    )
    connection.commit()


def deploy_checks(
    owner: psycopg.Connection[Any], checks: Iterable[ExpectedCheck], code_hash: str | None
) -> int:
    """Replace what builds of this code must report, as the owner; return how many checks."""
    rows = [{**asdict(one), "is_blocking": one.is_blocking} for one in checks]
    found = owner.execute("select ops.deploy_checks(%s, %s)", [json.dumps(rows), code_hash])
    ((count,),) = found.fetchall()
    owner.commit()
    return int(count)


def deployed_checks(connection: psycopg.Connection[Any]) -> set[ExpectedCheck]:
    """Return what every build must report now."""
    rows = connection.execute("select check_id, kind, severity from ops.expected_check")
    return {ExpectedCheck(*row) for row in rows}


def record(
    connection: psycopg.Connection[Any], build_id: str, results: Iterable[CheckResult]
) -> None:
    """Keep the outcome of checks of a build; one that ran again has a row more."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.check_result (build_id, check_id, kind, severity, is_blocking,"
            " has_passed, left_amount, right_amount, difference, failing_count)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [_values(build_id, result) for result in results],
        )
    connection.commit()


def _values(build_id: str, result: CheckResult) -> tuple[object, ...]:
    return (
        build_id, result.check_id, result.kind, result.severity, result.is_blocking,
        result.has_passed, result.left_amount, result.right_amount, result.difference,
        result.failing_count,
    )  # fmt: skip


def sync_exceptions(connection: psycopg.Connection[Any], build_id: str) -> Synced:
    """Mirror what this build could not post into ops.exception, from the results it hands over.

    Return how many were opened, were open before and stay so, and were closed.
    """
    hand_over_exceptions(connection)
    row = connection.execute("select * from ops.sync_exceptions(%s)", (build_id,)).fetchone()
    connection.commit()
    if row is None:
        raise LookupError("ops.sync_exceptions gave no answer")
    return Synced(*row)


def issue_certificate(connection: psycopg.Connection[Any], build_id: str) -> Certificate:
    """Hand the results over and issue the certificate of a build, whatever its checks say."""
    hand_over_build(connection)
    connection.execute("select ops.issue_certificate(%s)", (build_id,))
    connection.commit()
    head = connection.execute(
        "select build_id, passes, check_count, failed_count, missing_count, content_hash"
        " from ops.certificate where build_id = %s",
        (build_id,),
    ).fetchone()
    if head is None:
        raise LookupError("no certificate was issued")
    number, passes, checks, failed, missing, content_hash = head
    rows = _certificate_rows(connection, build_id)
    return Certificate(number, passes, checks, failed, missing, content_hash, rows)


def _certificate_rows(
    connection: psycopg.Connection[Any], build_id: str
) -> tuple[CertificateRow, ...]:
    rows = connection.execute(
        "select check_id, kind, severity, blocking, status, left_amount, right_amount,"
        " difference, failing_count from ops.close_certificate(%s)"
        " order by status = 'passed', severity, kind, check_id",
        (build_id,),
    )
    return tuple(CertificateRow(*row) for row in rows)
