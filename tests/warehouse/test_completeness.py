"""Inbound completeness with hand-worked numbers, over the tables that a build leaves."""

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from billing.governance.calendar import BusinessCalendar
from billing.governance.expected_files import ExpectedFiles, read_expected_files
from billing.governance.policy_file import PolicyFileError
from orchestration import audit_completeness
from resources.warehouse import completeness
from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "Missing charges, control numbers, remittances and statements are counted"
)

# 2026-10-31, the as-of date, is a Saturday.
CALENDAR = BusinessCalendar(
    ZoneInfo("America/New_York"), frozenset({5, 6}), frozenset({date(2026, 10, 12)}), {2026}
)
POLICY = ExpectedFiles(
    timedelta(days=30), {"bank_statement": 1, "ehr_charge": 1, "interchange": 5}, (3, 10)
)
BUILT = """
create table marts.mart_interchange_sequence (
    sender_id text, receiver_id text, interchange_date date, is_repeated boolean,
    missing_before_count integer);
insert into marts.mart_interchange_sequence values
    ('PAYER', 'US', '2026-10-20', false, 0), ('PAYER', 'US', '2026-10-21', true, 2),
    ('OTHER', 'US', '2026-10-22', false, 0);
create table marts.mart_cash_reconciliation (
    entity_code text, deposit_kind text, status text, age_days integer,
    deposit_amount numeric(14, 2));
insert into marts.mart_cash_reconciliation values
    ('NLH', 'payer', 'unmatched', 3, 10), ('NLH', 'payer', 'unmatched', 4, 20),
    ('NLH', 'payer', 'matched', 40, 99), ('NLH', 'lockbox', 'unmatched', 40, 99);
create table intermediate.int_remittance (
    payment_key text, entity_code text, payment_rank integer, payment_amount numeric(14, 2),
    reason_code text, event_date date);
insert into intermediate.int_remittance values
    ('open', 'NLH', 1, 70, null, '2026-10-01'), ('met', 'NLH', 1, 50, null, '2026-10-01'),
    ('copy', 'NLH', 2, 70, null, '2026-10-01'), ('bad', 'NLH', 1, 5, 'X', '2026-10-01'),
    ('nothing', 'NLH', 1, 0, null, '2026-10-01');
create table intermediate.int_deposit_matched (payment_key text);
insert into intermediate.int_deposit_matched values ('met');
create table intermediate.int_charge_feed as select 'NLH' as entity_code;
create table intermediate.int_charge_version (
    entity_code text, account_hash text, posted_date date, reversed_date date,
    amount numeric(14, 2), outcome text, is_reversed boolean, is_reversed_after_as_of boolean);
insert into intermediate.int_charge_version values
    ('NLH', 'a', '2026-09-15', '2026-09-15', 100, 'posted', false, false),
    ('NLH', 'a', '2026-09-16', '2026-10-02', 40, 'posted', true, false),
    ('NLH', 'a', '2026-09-17', '2026-09-17', 7, 'exception', false, false),
    ('NLH', 'a', '2026-09-18', '2026-09-18', 900, 'memo', false, false)
"""


@begins
def of_a_build(books):
    """What a build leaves: of the charges, 100.00 and 40.00 are in 4010, and 40.00 is reversed."""
    books.by("transform").execute(BUILT)
    books.demand([Event("a", "charge.posted", "100.00"),
                  Event("b", "charge.posted", "40.00"),
                  Event("c", "charge.reversed", "40.00", day=date(2026, 10, 2)),
                  Event("d", "charge.posted", "5.00", entity="NPG")])  # fmt: skip


@pytest.fixture
def built(of_a_build):
    return of_a_build.by("transform")


def test_the_charge_feed_is_held_against_revenue_by_entity_and_month(built):
    rows = [tuple(map(str, row.values())) for row in completeness.charges(built)]
    assert rows == [
        ("NLH", "2026-09-01", "147.00", "7.00", "140.00", "0.00"),
        ("NLH", "2026-10-01", "-40.00", "0", "-40.00", "0.00"),
    ]
    built.execute("update marts.fct_ledger_line set signed_amount = signed_amount * 2"
                  " where event_id = 'a'")  # fmt: skip
    assert completeness.charges(built)[0]["difference_amount"] == Decimal("-100.00")


def test_gaps_and_repeats_of_control_numbers_are_counted_by_partner(built):
    rows = [tuple(row.values()) for row in completeness.control_numbers(built)]
    assert rows == [("OTHER", "US", 1, 0, 0, 0), ("PAYER", "US", 2, 2, 1, 1)]


def test_money_and_remittances_without_each_other_are_aged(built):
    rows = [tuple(row.values()) for row in completeness.unmatched(built, (3, 10))]
    assert rows == [
        ("deposit without remittance", "NLH", 0, 1, Decimal("10.00"), 3),
        ("deposit without remittance", "NLH", 1, 1, Decimal("20.00"), 4),
        ("remittance without deposit", "NLH", 2, 1, Decimal("70.00"), 30),
    ]


def test_the_page_says_all_of_it_and_a_bank_account_without_statements_is_one_gap(built):
    found = audit_completeness.gather(built)
    banks = [gap for gap in found["gaps"] if gap["feed"] == "bank_statement"]
    assert [gap["scope"] for gap in banks] == ["NLH account ..1001", "NPG account ..1002"]
    assert banks[0]["business_days"] > 50
    assert [row["bucket"] for row in found["unmatched"]] == [
        "to 3 days", "to 10 days", "to 30 days"
    ]  # fmt: skip
    text = "\n".join(audit_completeness.render(found))
    assert "Charge feed against 4010" in text
    assert "4410001001" not in text


def test_view_that_damage_stops_is_named_and_others_go_on(built):
    built.execute("drop table intermediate.int_deposit_matched")
    found = audit_completeness.gather(built)
    assert found["not_worked_out"] == [
        {"view": "unmatched", "problem": "database error 42P01"}
    ]  # fmt: skip
    assert found["charges"]
    assert "database error 42P01" in "\n".join(audit_completeness.render(found))


def test_a_gap_is_a_run_of_business_days_and_holidays_are_none():
    came = {date(2026, 10, 8), date(2026, 10, 14), date(2026, 10, 29)}
    gaps = [(g.first.day, g.last.day, g.business_days) for g in
            POLICY.gaps("bank_statement", came, date(2026, 10, 31), CALENDAR)]  # fmt: skip
    # The 9th and the 13th lie around a weekend and the holiday on the 12th.
    assert gaps == [(9, 13, 2), (15, 28, 10), (30, 30, 1)]
    wide = [g.business_days for g in
            POLICY.gaps("interchange", came, date(2026, 10, 31), CALENDAR)]  # fmt: skip
    assert wide == [10]


def test_a_feed_counts_from_its_first_day_and_up_to_the_day_before_the_as_of_date():
    days = {date(2026, 10, 28), date(2026, 10, 29), date(2026, 10, 30)}
    assert list(POLICY.gaps("ehr_charge", days, date(2026, 10, 31), CALENDAR)) == []


@pytest.mark.parametrize(
    "change",
    [("ehr_charge: 1", "luck: 1"), ("ehr_charge: 1", "ehr_charge: 0"), ("[3, 10, 30]", "[10, 3]")],
)
def test_an_expectation_that_cannot_be_counted_is_refused(change):
    text = (audit_completeness.GOVERNANCE / "expected_files.yaml").read_text()
    assert read_expected_files(text).age_buckets == (3, 10, 30)
    with pytest.raises(PolicyFileError):
        read_expected_files(text.replace(*change))
