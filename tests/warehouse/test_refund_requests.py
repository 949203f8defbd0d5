"""Refunds go back to who paid, the way he paid; small ones of one account count together."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from resources.warehouse import ledger, requests
from resources.warehouse.ledger import LedgerRefusedError
from resources.warehouse.requests import Ask
from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "A refund goes back to who paid, the way they paid, or to the controller",
    "Split refunds of one account count together against the limit",
)

PAID_IN = """
insert into ledger.payment_by_tender values
    ('NLH', 'account', 'account', 'patient', 'card', 100.00, 0),
    ('NLH', 'account', 'account', 'patient', 'cheque', 30.00, 0),
    ('NLH', 'claim', 'claim', 'MCR01', 'ach', 60.00, 0);
"""


@begins
def in_credit(books):
    """An account 50,000.00 in credit, which paid 100.00 by card and 30.00 by cheque; a claim
    70.00 in credit, of which MCR01 paid 60.00 by ACH.
    """
    books.demand([Event("a", "credit.reclass.patient", "50000.00"),
                  Event("b", "credit.reclass.payer", "70.00")])  # fmt: skip
    books.by("transform").execute(PAID_IN)


def refund(amount="40.00", **changes):
    facts = {"event": "refund.patient.approved", "entity": "NLH", "subject_key": "account",
             "amount": Decimal(amount), "reason": "paid twice in September",
             "tender": "card"}  # fmt: skip
    return Ask(**{**facts, **changes})


def elsewhere(amount, **changes):
    return refund(amount, other_tender_reason="the card account is closed", **changes)


def ask(books, wanted):
    return requests.ask(books.by("biller"), wanted)


def decide(books, number, by="controller", act="approved"):
    (found,) = [r for r in requests.requests(books.by("auditor")) if r.request_id == number]
    return requests.decide(books.by(by), number, act, found.content_hash, "not this time")


def refused(act, code):
    with pytest.raises(LedgerRefusedError) as refusal, ledger.refusals():
        act()
    assert refusal.value.code == code


def test_a_refund_goes_back_to_the_patient_by_the_card_that_paid(in_credit):
    number = ask(in_credit, refund("100.00"))
    (found,) = requests.requests(in_credit.by("auditor"))
    assert (found.payee, found.tender, found.other_tender_reason) == ("patient", "card", None)
    assert decide(in_credit, number, by="manager") == "approved"


@pytest.mark.parametrize(
    "wanted",
    [
        refund("100.01"),  # more than was paid in by that tender
        refund("30.01", tender="cheque"),
        refund("1.00", tender="ach"),  # never paid so
        refund("1.00", payee="MCR01"),  # never paid by them
        refund("1.00", event="refund.payer.approved", subject_key="claim", payee="UNC01",
               tender="ach"),
        refund("60.01", event="refund.payer.approved", subject_key="claim", payee="MCR01",
               tender="ach"),
    ],
    ids=["above the card", "above the cheque", "another tender", "another payee",
         "another payer", "above the payer"],
)  # fmt: skip
def test_another_way_than_the_money_came_needs_a_reason_and_the_controller(in_credit, wanted):
    refused(lambda: ask(in_credit, wanted), "OTHER_TENDER")
    reason = "the payer was merged into another"
    number = ask(in_credit, replace(wanted, other_tender_reason=reason))
    refused(lambda: decide(in_credit, number, by="manager"), "ROLE")
    assert decide(in_credit, number, by="manager", act="refused") == "refused"
    number = ask(in_credit, replace(wanted, other_tender_reason=reason))
    assert decide(in_credit, number, by="controller") == "approved"


def test_refunds_by_one_tender_are_added_up(in_credit):
    first = ask(in_credit, refund("60.00"))
    refused(lambda: ask(in_credit, refund("40.01")), "OTHER_TENDER")
    requests.withdraw(in_credit.by("biller"), first)
    assert ask(in_credit, refund("40.01"))


def test_what_the_processor_gave_back_already_is_not_given_twice(in_credit):
    in_credit.as_owner().execute(
        "update ledger.payment_by_tender set refunded_amount = 70 where tender = 'card'"
    )
    refused(lambda: ask(in_credit, refund("30.01")), "OTHER_TENDER")
    assert ask(in_credit, refund("30.00"))


def test_a_refund_to_a_payer_names_the_payer(in_credit):
    wanted = refund("10.00", event="refund.payer.approved", subject_key="claim", tender="ach")
    refused(lambda: ask(in_credit, wanted), "PAYEE")
    assert ask(in_credit, replace(wanted, payee="MCR01"))


def test_only_a_refund_has_a_payee(in_credit):
    in_credit.demand([Event("a", "charge.posted.selfpay", "90.00")])
    refused(lambda: ask(in_credit, refund(event="charity.approved", tender=None,
                                          payee="patient")), "PAYEE")  # fmt: skip


def test_no_amount_at_all_is_no_way_round_the_books(in_credit):
    wanted = refund("NaN", event="suspense.cleared.recoupment", subject_key="ref", tender=None)
    refused(lambda: ask(in_credit, wanted), "AMOUNT")


def test_split_refunds_of_one_account_count_together_against_the_limit(in_credit):
    """Each is far below 10,000.00; all that was approved within 30 days is above."""
    for amount in ("4000.01", "4000.02"):
        assert decide(in_credit, ask(in_credit, elsewhere(amount, tender="ach"))) == "approved"
    number = ask(in_credit, refund("99.99", tender="card"))
    assert decide(in_credit, number, by="manager") == "approved"
    in_credit.as_owner().execute("update ledger.payment_by_tender set paid_amount = 90000")
    usual = ask(in_credit, refund("1900.01", tender="card"))
    refused(lambda: decide(in_credit, usual, by="manager"), "LIMIT")
    assert decide(in_credit, usual, by="controller") == "approved"


def test_what_was_approved_before_the_days_of_the_policy_counts_no_more(in_credit):
    in_credit.as_owner().execute("update ledger.payment_by_tender set paid_amount = 90000")
    decide(in_credit, ask(in_credit, refund("9000.00")))
    second = ask(in_credit, refund("9000.01"))
    refused(lambda: decide(in_credit, second, by="manager"), "LIMIT")
    admin = in_credit.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.request_act set acted_at = acted_at - %s", [timedelta(days=31)])
    assert decide(in_credit, second, by="manager") == "approved"


def test_claims_of_one_account_are_added_up_with_it(in_credit):
    """Refunds to payers for two claims of one account take from the same balance: one sum."""
    facts = in_credit.by("transform")
    facts.execute("update marts.fct_ledger_line set signed_amount = sign(signed_amount) * 90000")
    facts.execute("insert into marts.fct_ledger_line select line_id || '2', event_id || '2', event,"
                  " rule, rule_version, account, signed_amount, entity_code, facility_code,"
                  " payer_class, 'claim-2', account_key, control_key, approval_class,"
                  " original_date, reaches_erp, evidence_hash, file_id, segment, known_at"
                  " from marts.fct_ledger_line where event = 'credit.reclass.payer'")  # fmt: skip
    in_credit.hand_over()
    in_credit.as_owner().execute(
                  "update ledger.payment_by_tender set paid_amount = 90000;"
                  " insert into ledger.payment_by_tender values"
                  " ('NLH', 'claim', 'claim-2', 'MCR01', 'ach', 90000, 0)")  # fmt: skip
    payer = {"event": "refund.payer.approved", "payee": "MCR01", "tender": "ach"}
    first = ask(in_credit, refund("6000.00", subject_key="claim", **payer))
    second = ask(in_credit, refund("6000.00", subject_key="claim-2", **payer))
    assert decide(in_credit, first, by="manager") == "approved"
    refused(lambda: decide(in_credit, second, by="manager"), "LIMIT")


def test_two_who_decide_at_once_do_not_overlook_each_other(in_credit):
    in_credit.as_owner().execute("update ledger.payment_by_tender set paid_amount = 90000")
    numbers = [ask(in_credit, refund(amount)) for amount in ("6000.00", "6000.01")]
    known = {r.request_id: r for r in requests.requests(in_credit.by("auditor"))}
    first = in_credit.database.connect("manager", autocommit=False)
    second = in_credit.database.connect("manager", autocommit=False)
    requests.decide(first, numbers[0], "approved", known[numbers[0]].content_hash)
    second.execute("set lock_timeout = '100ms'")
    with pytest.raises(Exception, match="55P03"):
        requests.decide(second, numbers[1], "approved", known[numbers[1]].content_hash)
    first.commit()
    second.rollback()
    refused(lambda: decide(in_credit, numbers[1], by="manager"), "LIMIT")


def test_a_class_that_asks_for_a_controller_is_not_decided_without_one(in_credit):
    wanted = refund("5.00", event="unclaimed.property", tender=None)
    number = ask(in_credit, wanted)
    refused(lambda: decide(in_credit, number, by="manager"), "ROLE")
    assert decide(in_credit, number, by="controller") == "approved"


def test_who_never_held_the_role_is_no_controller_by_owning_the_tables(in_credit, owning):
    number = ask(in_credit, elsewhere("500.00", tender="ach"))
    (found,) = requests.requests(in_credit.by("auditor"))
    forged = ("insert into ledger.request_act (request_id, act, content_hash, actor, acted_at,"
              " decided_date, limit_id) values (%s, 'approved', %s, 'controller', now(), now(),"
              " 'ask-controller')")  # fmt: skip
    with pytest.raises(LedgerRefusedError) as refusal, ledger.refusals():
        owning("manager").execute(forged, [number, found.content_hash])
    assert refusal.value.code == "ROLE"


def test_refunds_that_went_another_way_are_listed_for_review(in_credit):
    usual, other = ask(in_credit, refund("10.00")), ask(in_credit, elsewhere("11.00", tender="ach"))
    for number in (usual, other):
        decide(in_credit, number)
    in_credit.by("transform").execute(
        "insert into marts.fct_ledger_line select event_id || side.account, event_id, event,"
        " 'JR38', 'v1', side.account, side.sign * amount, entity_code, 'MAIN', 'self_pay', null,"
        " subject_key, 'request ' || request_id, approval_class, decided_date, true, content_hash,"
        " null, null, decided_at from ledger.request_state"
        " join ledger.request_event using (request_id)"
        " cross join (values ('2125', 1), ('2010', -1)) as side (account, sign)"
    )
    in_credit.propose()
    (entry,) = [row for row in in_credit.entries() if row[3] == "maker-checker+threshold"]
    in_credit.by("manager").execute("select ledger.approve(%s, %s)", [entry[0], entry[-1]])
    listed = in_credit.ask("auditor", "select entry_id, amount, detail"
                           " from ledger.test_other_tender()")  # fmt: skip
    assert listed == [(entry[0], Decimal(11), f"request {other}: 11.00 to patient by ach")]


def test_refund_goes_to_a_payer_of_the_list_alone(in_credit):
    wanted = refund("10.00", event="refund.payer.approved", subject_key="claim", tender="ach",
                    payee="NOBODY", other_tender_reason="the payer asked for it")  # fmt: skip
    refused(lambda: ask(in_credit, wanted), "PAYEE")
