"""The close certificate over recorded checks, and the one list of exceptions."""

from decimal import Decimal

import psycopg
import pytest

from resources.warehouse.builds import ExpectedCheck, deploy_checks
from resources.warehouse.handover import hand_over_exceptions

pytestmark = pytest.mark.promise(
    "The close certificate passes only when every expected blocking check passed",
    "A certificate, once issued, stays as it was",
    "Every exception is listed once with its rule, and closes when it is mended",
)

CHECKS = [
    ("T3", "tie_out", "error", True),
    ("grain", "dbt_test", "error", True),
    ("fresh", "expectation", "warning", False),
]


@pytest.fixture
def transform(database):
    """Return the build's role with three expected checks and an open build."""
    expected = [ExpectedCheck(name, kind, severity) for name, kind, severity, _ in CHECKS]
    deploy_checks(database.admin(), expected, None)
    connection = database.connect("transform")
    begin(connection, "b1")
    return connection


def begin(connection, build_id):
    connection.execute(
        "insert into ops.build (build_id, as_of_date, started_at)"
        " values (%s, '2026-10-31', clock_timestamp())",
        [build_id],
    )


def record(connection, check_id, passed, *, build_id="b1", severity="error", amounts=(None,) * 3):
    connection.execute(
        "insert into ops.check_result (build_id, check_id, kind, severity, is_blocking,"
        " has_passed, left_amount, right_amount, difference) values"
        " (%s, %s, 'tie_out', %s, %s, %s, %s, %s, %s)",
        [build_id, check_id, severity, severity == "error", passed, *amounts],
    )


def issue(connection, build_id="b1"):
    return connection.execute("select ops.issue_certificate(%s)", [build_id]).fetchone()[0]


def statuses(connection, build_id="b1"):
    rows = connection.execute("select check_id, status from ops.close_certificate(%s)", [build_id])
    return dict(rows.fetchall())


def test_all_blocking_checks_passed_is_a_passing_certificate(transform):
    for check_id, _, severity, _ in CHECKS:
        record(transform, check_id, True, severity=severity)
    assert issue(transform)


def test_a_check_that_never_ran_counts_as_not_passed(transform):
    record(transform, "T3", True)
    assert statuses(transform) == {"grain": "missing", "fresh": "missing", "T3": "passed"}
    assert not issue(transform)
    assert transform.execute(
        "select passes, check_count, failed_count, missing_count from ops.certificate"
    ).fetchone() == (False, 3, 0, 2)


def test_a_failed_blocking_check_does_not_pass(transform):
    record(transform, "T3", False)
    record(transform, "grain", True)
    assert not issue(transform)


def test_a_failed_warning_passes_and_is_counted(transform):
    record(transform, "T3", True)
    record(transform, "grain", True)
    record(transform, "fresh", False, severity="warning")
    assert issue(transform)
    assert transform.execute("select failed_count from ops.certificate").fetchone() == (1,)


def test_a_failed_check_that_nobody_expected_does_not_pass_either(transform):
    for check_id, _, severity, _ in CHECKS:
        record(transform, check_id, True, severity=severity)
    record(transform, "new", False)
    assert not issue(transform)


def test_a_certificate_over_nothing_does_not_pass(database):
    deploy_checks(database.admin(), [], None)
    connection = database.connect("transform")
    begin(connection, "b1")
    assert not issue(connection)


def test_what_was_issued_stays_whatever_is_recorded_or_expected_later(database, transform):
    record(transform, "T3", False, amounts=(Decimal("10.00"), Decimal("9.99"), Decimal("0.01")))
    record(transform, "grain", True)
    assert not issue(transform)
    before = transform.execute("select * from ops.close_certificate('b1')").fetchall()
    record(transform, "T3", True)
    deploy_checks(database.admin(), [], None)
    assert not issue(transform)
    assert transform.execute("select * from ops.close_certificate('b1')").fetchall() == before
    assert before[0][0] == "T3"  # what failed comes first
    assert before[0][5:8] == (Decimal("10.00"), Decimal("9.99"), Decimal("0.01"))


def test_the_rows_shown_are_those_of_the_newest_build_with_a_result(transform):
    record(transform, "T3", True)
    begin(transform, "b2")
    shown = "select distinct build_id from ops.close_certificate_rows()"
    assert transform.execute(shown).fetchall() == [("b1",)]
    record(transform, "T3", True, build_id="b2")
    assert transform.execute(shown).fetchall() == [("b2",)]


def test_a_build_that_was_never_opened_gets_no_certificate(transform):
    with pytest.raises(psycopg.errors.RaiseException, match="TIEOUT NO_BUILD"):
        issue(transform, "none")


def test_a_view_of_dbt_on_the_certificate_can_be_read_by_bi(database, transform):
    transform.execute("create view marts.mart_close as select * from ops.close_certificate_rows()")
    record(transform, "T3", True)
    rows = database.connect("bi_reader").execute("select check_id from marts.mart_close")
    assert len(rows.fetchall()) == 3


OUTCOME = """
create table intermediate.int_record_outcome (
    record_id text, record_kind text, file_id uuid, segment int, source text, entity_code text,
    amount numeric(14, 2), outcome text, reason_code text);
create table intermediate.int_exception_warning (
    record_id text, record_kind text, file_id uuid, segment int, source text, entity_code text,
    amount numeric(14, 2), outcome text, reason_code text, rule text, detail text);
insert into intermediate.int_record_outcome values
    ('r1', 'remittance_claim', null, 7, 'clearinghouse', 'NLH', 12.34, 'exception',
     'CLAIM_OFF_BALANCE'),
    ('r2', 'remittance_claim', null, 9, 'clearinghouse', 'NLH', 5.00, 'exception', 'NEW_CODE'),
    ('r3', 'claim', null, 3, 'clearinghouse', 'NLH', 1.00, 'memo', 'SECONDARY_CLAIM'),
    ('r4', 'claim', null, 4, 'clearinghouse', 'NLH', 1.00, 'posted', null);
insert into intermediate.int_exception_warning values
    ('r4', 'claim', null, 4, 'clearinghouse', 'NLH', 1.00, 'posted', 'UNMAPPED_PROVIDER',
     'every provider is mapped', 'the provider is not mapped')
"""


@pytest.fixture
def outcomes(transform):
    """Return the build's role with two exceptions and a warning in the intermediate tables."""
    transform.execute(OUTCOME)
    return transform


def sync(connection):
    hand_over_exceptions(connection)
    return connection.execute("select * from ops.sync_exceptions('b1')").fetchone()


def listed(connection):
    return connection.execute(
        "select code, severity, rule, amount, segment from ops.exception where closed_at is null"
        " order by code"
    ).fetchall()


def test_exceptions_and_warnings_of_a_build_are_listed_with_their_rule(outcomes):
    assert sync(outcomes) == (3, 0, 0)
    assert listed(outcomes) == [
        ("CLAIM_OFF_BALANCE", "error", "CLP03 - adjustments = CLP04", Decimal("12.34"), 7),
        ("NEW_CODE", "error", "every record has an outcome", Decimal("5.00"), 9),
        ("UNMAPPED_PROVIDER", "warning", "every provider is mapped", Decimal("1.00"), 4),
    ]


def test_a_second_build_lists_nothing_twice_and_closes_what_was_mended(outcomes):
    sync(outcomes)
    assert sync(outcomes) == (0, 3, 0)
    outcomes.execute(
        "update intermediate.int_record_outcome set outcome = 'posted', reason_code = null"
        " where record_id = 'r1'"
    )
    assert sync(outcomes) == (0, 2, 1)
    assert [row[0] for row in listed(outcomes)] == ["NEW_CODE", "UNMAPPED_PROVIDER"]


def test_an_exception_that_comes_back_is_open_again(outcomes):
    sync(outcomes)
    keep = "update intermediate.int_record_outcome set outcome = %s where record_id = 'r1'"
    outcomes.execute(keep, ["posted"])
    sync(outcomes)
    outcomes.execute(keep, ["exception"])
    assert sync(outcomes) == (1, 2, 0)
    assert len(listed(outcomes)) == 3


def test_exceptions_of_landing_are_left_alone(database, outcomes):
    database.connect("ingest").execute(
        "insert into ops.exception (exception_id, source, record_kind, code, severity, rule,"
        " message, origin, opened_at) values ('p', 'bank', 'file', 'UNRECOGNISED_FILE', 'error',"
        " 'r', 'm', 'parsing', now())"
    )
    assert sync(outcomes) == (3, 0, 0)
    assert len(listed(outcomes)) == 4


@pytest.mark.promise("A build cannot change what it is held to, nor how a check came out")
@pytest.mark.parametrize(
    "statement",
    [
        "delete from ops.expected_check",
        "insert into ops.expected_check values ('x', 'tie_out', 'error', true)",
        "update ops.check_result set has_passed = true",
        "delete from ops.check_result",
        "select ops.deploy_checks('[]', null)",
        "insert into ops.certificate_row (build_id, check_id, kind, severity, blocking, status)"
        " values ('b1', 'T3', 'tie_out', 'error', true, 'passed')",
    ],
)
def test_build_cannot_write_what_it_is_held_to(transform, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        transform.execute(statement)


@pytest.mark.promise("A build cannot change what it is held to, nor how a check came out")
def test_check_that_failed_once_does_not_pass_again(transform):
    record(transform, "grain", True)
    record(transform, "T3", False)
    record(transform, "T3", True)
    assert not issue(transform)
    assert statuses(transform)["T3"] == "failed"


@pytest.mark.promise("A certificate is issued over the checks of the code that ran, or not at all")
def test_build_of_other_code_than_its_checks_gets_no_certificate(database, transform):
    deploy_checks(database.admin(), [ExpectedCheck("T3", "tie_out", "error")], "a" * 64)
    record(transform, "T3", True)
    with pytest.raises(psycopg.errors.RaiseException, match="TIEOUT CHECKS"):
        issue(transform)


@pytest.mark.promise("A certificate is issued over the checks of the code that ran, or not at all")
def test_expected_checks_changed_past_their_deployment_give_no_certificate(database, transform):
    database.admin().execute("delete from ops.expected_check where check_id = 'T3'")
    with pytest.raises(psycopg.errors.RaiseException, match="TIEOUT CHECKS"):
        issue(transform)


@pytest.mark.promise("A certificate is issued over the checks of the code that ran, or not at all")
def test_certificate_carries_its_checks_and_its_lines(database, transform):
    for name, _, severity, _ in CHECKS:
        record(transform, name, True, severity=severity)
    issue(transform)
    query = "select expected_count, expected_hash = ops.expected_hash(), lines_digest, content_hash"
    query += " = ops.certificate_hash('b1', expected_hash, lines_digest) from ops.certificate"
    assert database.admin().execute(query).fetchone() == (3, True, "0|0|0", True)
