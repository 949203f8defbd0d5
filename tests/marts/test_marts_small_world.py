"""A hand-made world of a few accounts: the marts say what its stories leave."""

from decimal import Decimal

import pytest

D = Decimal

pytestmark = pytest.mark.xdist_group("small_world")
# Worked out beside the stories in small_world.py; debit positive.
BALANCES = {
    ("NLH", "1010"): D("120") + 66 + 44 + 19 - 15,
    ("NLH", "1050"): D("120") + 95 + 80 + 2 - 7 - 1 + 35 - 120 - 66,
    ("NLH", "1055"): D("20") - 1 + 70 - 2 + 11 - 19,
    ("NLH", "1110"): D("90"),
    ("NLH", "1120"): D("5"),
    ("NLH", "2110"): D("-35") - 44,
    ("NLH", "2115"): D("-11"),
    ("NLH", "2125"): D("-20"),
    ("NLH", "2130"): D("7"),
    ("NLH", "4010"): D("-200") - 150 - 80 - 90 - 50,
    ("NLH", "4510"): D("60") + 50,
    ("NLH", "4910"): D("-2"),
    ("NLH", "6210"): D("3"),
    ("NLH", "6230"): D("15"),
    ("NLH", "9010"): D("1"),
    ("NPG", "1110"): D("75"),
    ("NPG", "4010"): D("-75"),
}


@pytest.mark.promise("Hand-worked stories leave the hand-worked balances under their payer class")
def test_every_balance_is_what_the_stories_leave(small_world):
    assert small_world.balances() == BALANCES


@pytest.mark.promise("Hand-worked stories build every model and pass every data test")
def test_every_model_is_built_and_every_data_test_passes(small_world):
    assert small_world.first_build.broken == ()
    assert [test.name for test in small_world.first_build.tests if not test.has_passed] == []


@pytest.mark.promise("Every claim, payment and bank line ends once, as posted, memo or exception")
def test_every_claim_payment_ends_with_its_reason(small_world):
    assert small_world.outcomes("remittance_claim") == {
        None: (5, D("330.00")),
        "NOT_A_POSTING": (2, D("0.00")),
        "DUPLICATE_REMITTANCE": (1, D("120.00")),
        "UNKNOWN_ADJUSTMENT_CODE": (1, D("40.00")),
        "CLAIM_OFF_BALANCE": (1, D("10.00")),
        "TRUNCATED": (1, D("66.00")),
        "DATED_AFTER_AS_OF": (1, D("90.00")),
    }


@pytest.mark.promise("Every claim, payment and bank line ends once, as posted, memo or exception")
def test_every_claim_version_ends_with_its_reason(small_world):
    assert small_world.outcomes("claim") == {
        None: (1, D("75.00")),
        "SUPERSEDED_VERSION": (1, D("70.00")),
        "SECONDARY_CLAIM": (1, D("70.00")),
        "CHARGE_FEED_EXISTS": (1, D("64.00")),
    }


@pytest.mark.promise("Every claim, payment and bank line ends once, as posted, memo or exception")
def test_a_statement_sent_twice_counts_once(small_world):
    assert small_world.outcomes("bank_transaction") == {
        None: (5, D("264.00")),
        "UNMAPPED_BANK_CODE": (1, D("8.00")),
        "DUPLICATE_RECORD": (6, D("272.00")),
    }


@pytest.mark.promise("Posted records that need attention are listed with rule and dollars")
def test_what_posted_but_needs_a_look_is_listed(small_world):
    found = small_world.rows(
        "select reason_code, rule, amount from intermediate.int_exception_warning order by 1, 2"
    )
    assert found == [
        ("UNKNOWN_ACCOUNT", "a payment belongs to an account (JR26)", D("11.00")),
        ("UNKNOWN_ACCOUNT", "a payment belongs to an account (JR61)", D("35.00")),
        ("UNKNOWN_ADJUSTMENT_CODE", "every adjustment has a class (JR22)", D("1.00")),
        ("UNMAPPED_PROVIDER", "a provider number belongs to a facility", D("0.00")),
        ("UNMATCHED_DEPOSIT", "a deposit has its remittance (JR28)", D("44.00")),
    ]


@pytest.mark.promise("A deposit of a quarantined remittance is explained, not unmatched")
def test_a_deposit_of_a_quarantined_remittance_is_explained(small_world):
    found = small_world.rows(
        "select deposit_amount, status from marts.mart_cash_reconciliation order by 1"
    )
    assert found == [
        (D("19.00"), "matched"),
        (D("44.00"), "unmatched"),
        (D("66.00"), "remittance_in_exception"),
        (D("120.00"), "matched"),
    ]


@pytest.mark.promise("Hand-worked stories leave the hand-worked balances under their payer class")
def test_a_balance_keeps_the_class_of_the_primary_payer(small_world):
    found = small_world.rows(
        "select distinct payer_class from marts.fct_ledger_line where account_key in"
        " (select account_key from intermediate.int_account where account_hash = 'TWO')"
    )
    assert found == [("medicare",)]


@pytest.mark.promise("No mart holds an account number")
def test_no_mart_holds_an_account_number(small_world):
    tables = small_world.rows(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    )
    for (table,) in tables:
        text = str(small_world.rows(f"select array_agg(t::text) from marts.{table} t"))
        assert not [name for name in ("PLAIN", "NOBODY", "STRANGE", "CLAIMED") if name in text]
