"""The first run over the sandbox, judged by the sandbox's answer key."""

from collections import Counter
from decimal import Decimal

import pytest

pytestmark = pytest.mark.xdist_group("installation")
SUBLEDGER = """
select entity_code, account, subledger_amount - waiting_amount - held_amount as books,
       erp_balance_amount as erp, difference_amount as difference
from marts.mart_ledger_reconciliation
"""
TWICE = "select erp_key from ledger.entry group by 1 having count(*) > 1"
POSTED = """
select count(*) filter (where state = 'posted') as entries,
       (select count(*) from ledger.erp_document) as documents
from ledger.entry
"""
OPEN = """
select e.code, e.severity, f.name as file, sum(e.amount) as amount, count(*) as records
from ops.exception e left join ops.received_file f using (file_id)
where e.closed_at is null group by 1, 2, 3
"""
CARD_LIST = "charges"  # the key names the list; what arrives is a page of it


def _key_balances(key):
    return {
        (entity, account): Decimal(amount)
        for entity, accounts in key["general_ledger"].items()
        for account, amount in accounts.items()
        if Decimal(amount)
    }


@pytest.mark.promise(
    "The ledger and the ERP's own balances are what the evidence demands, to the cent."
)
def test_the_ledger_and_the_erp_agree_with_the_answer_key(installation):
    expected = _key_balances(installation.answer_key())
    found = installation.rows("auditor", SUBLEDGER)
    books = {(row["entity_code"], row["account"]): row["books"] for row in found if row["books"]}
    erp = {(row["entity_code"], row["account"]): row["erp"] for row in found if row["erp"]}
    assert books == expected
    assert erp == expected
    assert {row["difference"] for row in found} == {Decimal("0.00")}


@pytest.mark.promise(
    "A run after killed runs ends with the right ERP balances and nothing posted twice."
)
def test_a_run_that_was_killed_leaves_nothing_posted_twice(installation):
    assert installation.rows("auditor", TWICE) == []
    (posted,) = installation.rows("auditor", POSTED)
    assert posted["entries"] == posted["documents"] > 0


@pytest.mark.promise(
    "Receivables of payers and patients are those of the world behind the files, to the cent."
)
def test_receivables_are_those_of_the_answer_key(installation):
    key = installation.answer_key()["receivable_totals"]
    waiting = Counter()
    for credit in installation.answer_key()["waiting"]:
        waiting[credit["entity"]] += Decimal(credit["amount"])
    found = installation.rows(
        "bi_reader",
        "select entity_code, responsibility, sum(balance_amount) as balance"
        " from marts.mart_ar_aging group by 1, 2",
    )
    aged = {(row["entity_code"], row["responsibility"]): row["balance"] for row in found}
    for entity, totals in key.items():
        assert aged[entity, "payer"] == Decimal(totals["payer"])
        # The reclass of patient credits waits for a person, and is in the sub-ledger already.
        assert aged[entity, "patient"] == Decimal(totals["patient"]) + waiting[entity]


@pytest.mark.promise(
    "Initial denials by month, entity and payer are those of the world behind the files."
)
def test_initial_denials_are_those_of_the_answer_key(installation):
    expected = {
        (row["month"], row["entity"], row["payer"]): (
            row["decided_claims"], row["denied_claims"], Decimal(row["denied_amount"]),
        )
        for row in installation.answer_key()["initial_denials"]
    }  # fmt: skip
    found = installation.rows(
        "bi_reader",
        "select to_char(period_month, 'YYYY-MM') as month, entity_code, payer_code,"
        " sum(remitted_claims_count)::int as decided, sum(initial_denied_claims_count)::int"
        " as denied, sum(initial_denied_amount) as amount from marts.mart_denial_month"
        " group by 1, 2, 3 having sum(remitted_claims_count) > 0",
    )
    assert {
        (row["month"], row["entity_code"], row["payer_code"]): (
            row["decided"], row["denied"], row["amount"],
        )
        for row in found
    } == expected  # fmt: skip


def _file(error, code):
    """Of two envelopes of one payment either may be the one that counts: their hashes decide."""
    is_twin = code == "DUPLICATE_REMITTANCE"
    return {error["file_name"], error["other_file_name"]} if is_twin else {error["file_name"]}


@pytest.mark.promise("Every error in what was received is listed with its rule and its file.")
def test_every_planted_error_is_found_where_it_was_planted(installation):
    found = installation.rows("auditor", OPEN)
    listed = {(row["code"], _list_of(row["file"])) for row in found}
    for error in installation.answer_key()["planted_errors"]:
        if error["outcome"] != "duplicate":
            code = error["expected_code"]
            assert listed & {(code, name) for name in _file(error, code)}, error["kind"]


@pytest.mark.promise("A clean file raises no exception.")
def test_clean_files_raise_no_alarm(installation):
    planted = {
        name
        for error in installation.answer_key()["planted_errors"]
        for name in (error["file_name"], error["other_file_name"])
    }
    alarmed = {_list_of(row["file"]) for row in installation.rows("auditor", OPEN)}
    assert alarmed - planted == set()


def _list_of(name):
    """A page of the card processor's list, by the list's name; other files by their own."""
    return CARD_LIST if name and name.startswith(CARD_LIST) else name


@pytest.mark.promise("Dollars that cannot be trusted wait as exceptions, to the cent.")
def test_planted_dollars_wait_as_exceptions_to_the_cent(installation):
    planted = installation.answer_key()["planted_errors"]
    expected = sorted(
        Decimal(error["amount"]) for error in planted if error["outcome"] == "exception"
    )
    found = installation.rows(
        "auditor",
        "select o.file_id, sum(o.exception_amount) as amount from marts.mart_file_outcome o"
        " where o.record_kind = 'remittance_claim' and o.exception_count > 0 group by 1",
    )
    assert sorted(row["amount"] for row in found) == expected


@pytest.mark.promise("A file that is sent twice counts once, and both sightings are on record.")
def test_a_file_sent_twice_is_one_file_with_two_sightings(installation):
    (error,) = (
        error
        for error in installation.answer_key()["planted_errors"]
        if error["outcome"] == "duplicate"
    )
    found = installation.rows(
        "auditor",
        "select s.name, s.outcome from ops.file_sighting s join ops.received_file f using (file_id)"
        f" where f.name in ('{error['file_name']}', '{error['other_file_name']}')",
    )
    assert {row["name"] for row in found} == {error["file_name"], error["other_file_name"]}
    assert [row["outcome"] for row in found].count("taken") == 1


@pytest.mark.promise("Every received record ends as posted, memo or exception, with its dollars.")
def test_every_record_of_the_answer_key_has_its_outcome(installation):
    totals = installation.answer_key()["totals"]
    found = installation.rows(
        "bi_reader",
        "select record_kind, sum(record_count)::int as count, sum(record_amount) as amount"
        " from marts.mart_file_outcome where record_kind <> 'none' group by 1",
    )
    counted = {row["record_kind"]: (row["count"], row["amount"]) for row in found}
    expected = {
        kind: (total["count"], Decimal(total["amount"]))
        for kind, total in totals.items()
        if total["count"]
    }
    # The key counts each file that lies there; the one sent twice is received once.
    for error in installation.answer_key()["planted_errors"]:
        if error["kind"] == "duplicate_file":
            count, amount = expected[error["record_kind"]]
            amount -= Decimal(error["amount"])
            expected[error["record_kind"]] = (count - error["record_count"], amount)
    assert counted == expected
