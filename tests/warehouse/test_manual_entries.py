"""Manual entries: lines that the database makes whole, two people, and never more than one road."""

from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import psycopg
import pytest

from billing.ledger.manual import ManualLine
from orchestration import rebuild
from resources.warehouse import ledger, requests, verification
from resources.warehouse.ledger import LedgerRefusedError
from resources.warehouse.requests import AskEntry
from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "A manual entry is balanced, made by one person and approved by another",
    "A manual entry above its threshold goes to the controller, split or not",
    "A reversal is dated to the next month and happens once",
)

SHA256 = "a" * 64
ZERO = Decimal(0)


@begins
def indebted(books):
    """A patient account that owes 300.00, and one payer claim of 500.00, both of MAIN."""
    books.demand([Event("a", "charge.posted.selfpay", "300.00"),
                  Event("b", "charge.posted", "500.00")])  # fmt: skip


def debit(account, amount, key="x-1", **more):
    return ManualLine(account, Decimal(amount), ZERO, key, **more)


def credit(account, amount, key="x-1", **more):
    return ManualLine(account, ZERO, Decimal(amount), key, **more)


FEE = (debit("6230", "25.00"), credit("1220", "25.00", "MCR01"))


def wanted(*lines, **changes):
    facts = {"entity": "NLH", "accounting_date": date(2026, 9, 15), "reason_code": "RECLASS",
             "reason": "settled with the payer by letter", "lines": lines or FEE,
             "attachment_sha256": SHA256, "attachment_size": 10,
             "attachment_type": "application/pdf"}  # fmt: skip
    return AskEntry(**{**facts, **changes})


def ask(books, entry=None):
    return requests.ask_entry(books.by("biller"), entry or wanted())


def decide(books, number, act="approved", *, by="controller", reason=None):
    (found,) = [r for r in requests.requests(books.by("auditor")) if r.request_id == number]
    return requests.decide(books.by(by), number, act, found.content_hash, reason)


def refused(act, code):
    with pytest.raises(LedgerRefusedError) as refusal, ledger.refusals():
        act()
    assert refusal.value.code == code


def lines_of(books, number):
    return [(one.account, one.signed_amount) for one in
            requests.lines_of(books.by("auditor"), number)]  # fmt: skip


def booked(books):
    query = ("select event_date, account, signed_amount from ledger.manual_line"
             " order by event_date, account, signed_amount")  # fmt: skip
    return books.ask("auditor", query)


def test_one_person_asks_for_an_entry_and_another_approves(indebted):
    number = ask(indebted)
    assert booked(indebted) == []
    assert decide(indebted, number) == "approved"
    (found,) = requests.requests(indebted.by("auditor"), "approved")
    assert (found.rule, found.approval_class, found.amount) == ("MANUAL", "manual", Decimal(25))
    assert lines_of(indebted, number) == [("6230", Decimal(25)), ("1220", Decimal(-25))]
    assert [row[1] for row in booked(indebted)] == ["1220", "6230"]
    assert verification.problems(indebted.by("auditor")) == []


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((debit("6230", "25.00"), credit("1220", "24.99")), "UNBALANCED"),
        ((debit("6230", "25.00"),), "LINES"),
        ((debit("6230", "5.00"), debit("6230", "5.00"), credit("1220", "10.00")), "LINES"),
        ((debit("6230", "25.00"), credit("6230", "25.00")), "LINES"),
        ((debit("7777", "25.00"), credit("1220", "25.00")), "ACCOUNT"),
        ((debit("3990", "25.00"), credit("1220", "25.00")), "ACCOUNT"),  # never in the ERP
        ((debit("6230", "25.00", ""), credit("1220", "25.00")), "KEY"),
        ((debit("1110", "25.00", "no-such"), credit("1220", "25.00")), "KEY"),
        ((debit("1120", "25.00", "claim"), credit("1220", "25.00")), "KEY"),
        ((debit("1010", "25.00"), credit("1220", "25.00")), "CASH"),
        ((debit("6230", "NaN"), credit("1220", "NaN")), "AMOUNT"),
        ((debit("6230", "-25.00"), credit("1220", "-25.00")), "AMOUNT"),
        ((debit("6230", "25.001"), credit("1220", "25.001")), "AMOUNT"),
        ((ManualLine("6230", Decimal(1), Decimal(1), "k"), FEE[1]), "AMOUNT"),
        ((debit("6230", "25.00", memo="account 123456"), FEE[1]), "TEXT"),
        ((debit("6230", "25.00", facility="CLIN"), FEE[1]), "DIMENSION"),  # of the other entity
        ((debit("6230", "25.00", payer_class="A'; --"), FEE[1]), "DIMENSION"),
    ],
)  # fmt: skip
def test_an_entry_that_could_not_tie_is_refused(indebted, lines, code):
    refused(lambda: ask(indebted, wanted(*lines)), code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason_code": "BECAUSE"}, "REASON_CODE"),
        ({"accounting_date": date(2026, 11, 1)}, "DATE"),
        ({"attachment_sha256": None, "attachment_size": None, "attachment_type": None},
         "ATTACHMENT"),
        ({"attachment_size": None, "attachment_type": None}, "ATTACHMENT"),
        ({"reverses": 77, "lines": ()}, "REVERSAL"),
    ],
)  # fmt: skip
def test_an_entry_has_a_code_a_day_and_a_document(indebted, changes, code):
    refused(lambda: ask(indebted, wanted(**changes)), code)


def test_a_document_above_the_limit_is_refused(indebted):
    with pytest.raises(psycopg.errors.CheckViolation):
        ask(indebted, wanted(attachment_size=10 * 1024 * 1024 + 1))


def test_cash_is_touched_with_a_code_of_the_bank_alone(indebted):
    entry = wanted(debit("6230", "25.00"), credit("1010", "25.00", ""), reason_code="BANK_FEE")
    assert ask(indebted, entry)


def test_a_line_takes_keys_and_dimensions_from_the_books(indebted):
    lines = (debit("6230", "25.00"), credit("1110", "20.00", "account"),
             credit("1120", "5.00", "account", facility="EAST"))  # fmt: skip
    number = ask(indebted, wanted(*lines))
    found = requests.lines_of(indebted.by("auditor"), number)
    assert [(x.facility_code, x.payer_class, x.claim_key, x.account_key, x.control_key)
            for x in found] == [
        ("NONE", "none", None, None, "x-1"),
        ("MAIN", "commercial", "claim", "account", None),
        ("EAST", "commercial", None, "account", None),
    ]  # fmt: skip


def test_above_the_threshold_the_class_and_the_decision_are_the_controllers(indebted):
    large = (debit("6230", "5000.01"), credit("1220", "5000.01"))
    number = ask(indebted, wanted(*large))
    refused(lambda: decide(indebted, number, by="manager"), "LIMIT")
    assert decide(indebted, number) == "approved"
    small = ask(indebted, wanted())
    assert decide(indebted, small, by="manager") == "approved"
    classes = [r.approval_class for r in requests.requests(indebted.by("auditor"))]
    assert classes == ["manual+controller", "manual"]


def test_many_small_entries_of_one_maker_in_a_day_count_together(indebted):
    for cents in range(1, 5):
        amount = f"4900.0{cents}"
        entry = wanted(debit("6230", amount), credit("1220", amount))
        assert decide(indebted, ask(indebted, entry), by="manager") == "approved"
    last = ask(indebted, wanted(debit("6230", "4900.05"), credit("1220", "4900.05")))
    refused(lambda: decide(indebted, last, by="manager"), "LIMIT")
    assert decide(indebted, last, by="controller") == "approved"


def test_the_same_entry_is_asked_for_once(indebted):
    ask(indebted)
    refused(lambda: ask(indebted), "DUPLICATE")
    refused(lambda: ask(indebted, wanted(*reversed(FEE))), "DUPLICATE")
    refused(lambda: ask(indebted, wanted(replace(FEE[0], memo="again"), FEE[1])), "DUPLICATE")
    assert ask(indebted, wanted(accounting_date=date(2026, 9, 16)))


def test_an_entry_that_reverses_itself_does_so_on_the_first_of_the_next_month(indebted):
    decide(indebted, ask(indebted, wanted(is_auto_reversed=True)))
    assert [(day, account, amount) for day, account, amount in booked(indebted)] == [
        (date(2026, 9, 15), "1220", Decimal(-25)), (date(2026, 9, 15), "6230", Decimal(25)),
        (date(2026, 10, 1), "1220", Decimal(25)), (date(2026, 10, 1), "6230", Decimal(-25)),
    ]  # fmt: skip


def test_a_reversal_that_is_not_due_yet_waits_for_the_as_of_date(indebted):
    entry = wanted(is_auto_reversed=True, accounting_date=date(2026, 10, 31))
    decide(indebted, ask(indebted, entry))
    assert {row[0] for row in booked(indebted)} == {date(2026, 10, 31)}
    indebted.database.admin().execute("update ops.installation set as_of_date = '2026-11-01'")
    assert {row[0] for row in booked(indebted)} == {date(2026, 10, 31), date(2026, 11, 1)}


def reversal(number, **changes):
    facts = {"reverses": number, "lines": (), "accounting_date": date(2026, 9, 20),
             "attachment_sha256": None, "attachment_size": None,
             "attachment_type": None}  # fmt: skip
    return wanted(**{**facts, **changes})


def test_a_reversal_names_an_approved_entry_and_takes_it_back_once(indebted):
    number = ask(indebted)
    refused(lambda: ask(indebted, reversal(number)), "REVERSAL")  # it is not approved yet
    decide(indebted, number)
    refused(lambda: ask(indebted, reversal(number, lines=FEE)), "REVERSAL")
    refused(lambda: ask(indebted, reversal(number, is_auto_reversed=True)), "REVERSAL")
    refused(lambda: ask(indebted, reversal(number, entity="NPG")), "REVERSAL")
    refused(lambda: ask(indebted, reversal(number, accounting_date=date(2026, 9, 1))), "DATE")
    back = ask(indebted, reversal(number))
    assert lines_of(indebted, back) == [("6230", Decimal(-25)), ("1220", Decimal(25))]
    later = reversal(number, accounting_date=date(2026, 9, 21))
    refused(lambda: ask(indebted, later), "DUPLICATE")
    decide(indebted, back)
    refused(lambda: ask(indebted, reversal(back)), "REVERSAL")
    assert sum(row[2] for row in booked(indebted) if row[1] == "6230") == 0


def test_an_entry_that_reverses_itself_is_not_reversed_again(indebted):
    number = ask(indebted, wanted(is_auto_reversed=True))
    decide(indebted, number)
    refused(lambda: ask(indebted, reversal(number)), "REVERSAL")


def test_the_amounts_that_a_rule_may_take_know_manual_entries(indebted):
    """The account owes 300.00; a manual entry takes 250.00 of it, so charity may take 50.00."""
    rows = indebted.by("transform")
    rows.execute(
        "insert into marts.fct_ledger_line select 'm', 'm', 'request.entry', 'MANUAL', 'manual',"
        " account, -250, entity_code, facility_code, payer_class, null, account_key, null,"
        " 'manual', original_date, true, 'h', null, null, null"
        " from marts.fct_ledger_line where account = '1120'"
    )
    indebted.hand_over()
    charity = requests.Ask("charity.approved", "NLH", "account", Decimal("50.01"),
                           "assistance form of October")  # fmt: skip
    refused(lambda: requests.ask(indebted.by("biller"), charity), "EXCEEDS")
    assert requests.ask(indebted.by("biller"), replace(charity, amount=Decimal(50)))


@pytest.mark.parametrize("role", ["preparer", "poster", "policy", "auditor", "controller",
                                  "manager", "approver", "transform"])  # fmt: skip
def test_nobody_but_a_requester_asks_for_an_entry(indebted, role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        requests.ask_entry(indebted.by(role), wanted())


@pytest.mark.parametrize("role", ["biller", "preparer", "poster", "auditor", "transform"])
def test_nobody_but_an_approver_decides_on_an_entry(indebted, role):
    number = ask(indebted)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        decide(indebted, number, by=role)


def test_a_manual_entry_is_not_asked_for_by_the_other_door(indebted):
    ask_ = requests.Ask("request.entry", "NLH", "key", Decimal(5), "an entry without its lines")
    refused(lambda: requests.ask(indebted.by("biller"), ask_), "KIND")


OWN_ROW = (
    "insert into ledger.request (event, entity_code, subject_key, amount, reason, reason_code,"
    " accounting_date, lines, is_auto_reversed, attachment_sha256, attachment_size,"
    " attachment_type, approval_class, content_hash, requested_by, requested_at)"
    " select event, entity_code, subject_key, {amount}, reason, reason_code, {day}, {lines},"
    " false, attachment_sha256, attachment_size, attachment_type, 'none', content_hash,"
    " requested_by, requested_at from ledger.request limit 1"
)


@pytest.mark.parametrize(
    "attack",
    [
        "update ledger.request set lines = '[]'",
        "update ledger.request set accounting_date = '2026-01-01'",
        "update ledger.policy_request set manual_above = 1000000",
        "delete from ledger.policy_request_limit",
        "insert into ledger.policy_request_limit select policy_id, 'mine', 'biller', null, null,"
        " null from ledger.policy_request",
        OWN_ROW.format(amount=1, day="'2026-09-15'", lines="lines"),  # its own stored form: no side
        OWN_ROW.format(amount=1, day="null", lines="lines"),
        OWN_ROW.format(amount=1, day="'2027-01-01'", lines="lines"),
        "insert into ledger.request_act (request_id, act, content_hash, actor, acted_at,"
        " decided_date) select request_id, 'approved', content_hash, 'x', now(), now()"
        " from ledger.request",
    ],
)
def test_not_even_the_owner_forges_or_changes_an_entry(indebted, attack):
    ask(indebted)
    with pytest.raises(psycopg.errors.RaiseException, match=r"^TIEOUT"):
        indebted.as_owner().execute(attack)


def test_an_owner_who_inserts_an_entry_gets_its_class_and_amount_from_the_database(indebted):
    owner = indebted.as_owner()
    ask(indebted)
    lines = ('[{"account": "6230", "debit": "9000", "key": "k"},'
             ' {"account": "1220", "credit": "9000", "key": "k"}]')  # fmt: skip
    owner.execute(OWN_ROW.format(amount=1, day="'2026-09-15'", lines=f"'{lines}'::jsonb"))
    forged = requests.requests(indebted.by("auditor"))[-1]
    assert (forged.amount, forged.approval_class) == (Decimal(9000), "manual+controller")
    assert forged.requested_by == owner.execute("select session_user").fetchone()[0]


@pytest.mark.parametrize(
    ("attack", "problem"),
    [
        ("update ledger.request set lines = jsonb_set(lines, '{0,signed_amount}', '26')",
         "content hash"),
        ("update ledger.request set approval_class = 'none'", "content hash"),
        ("update ledger.request set attachment_sha256 = repeat('b', 64)", "content hash"),
        ("update ledger.request_act set limit_id = null", "not as audited"),
        ("update ledger.request_act set account_amount = 1", "not as audited"),
    ],
)  # fmt: skip
def test_what_a_superuser_changes_of_an_entry_is_found(indebted, attack, problem):
    decide(indebted, ask(indebted))
    admin = indebted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute(attack)
    assert [one for one in verification.problems(indebted.by("auditor")) if problem in one]


def test_who_decides_under_which_limit_is_kept_and_audited(indebted):
    decide(indebted, ask(indebted), by="manager")
    act = indebted.one("auditor", "select limit_id, account_amount, day_amount"
                       " from ledger.request_act")  # fmt: skip
    assert act == ("manual-approver", Decimal(25), Decimal(25))
    detail = indebted.one("auditor", "select detail ->> 'limit_id' from ledger.audit"
                          " where action = 'request approved'")  # fmt: skip
    assert detail == ("manual-approver",)


def test_a_policy_without_limits_on_requests_lets_nobody_decide(indebted):
    admin = indebted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("delete from ledger.policy_request_limit")
    number = ask(indebted)
    refused(lambda: decide(indebted, number), "LIMIT")


def test_a_database_built_anew_takes_over_what_people_decided(indebted):
    """What T15 compares the ledger with: the same lines, the same hashes, and who decided."""
    number = ask(indebted, wanted(is_auto_reversed=True))
    decide(indebted, number, by="manager")
    decide(indebted, ask(indebted, wanted(accounting_date=date(2026, 9, 16))))
    query = (
        "select request_id, content_hash, ledger.request_hash(request) = content_hash,"
        " actor, limit_id, (select array_agg(line::text order by line::text)"
        " from ledger.manual_line as line where line.request_id = request.request_id)"
        " from ledger.request as request join ledger.request_act using (request_id, content_hash)"
        " order by 1"
    )
    with (
        rebuild.second_database(indebted.database.settings) as anew,
        closing(psycopg.connect(anew.url("admin"))) as copy,
    ):
        taken_over = copy.execute(query).fetchall()
    assert taken_over == indebted.database.admin().execute(query).fetchall()
    assert [len(row[-1]) for row in taken_over] == [4, 2]


DEMANDED = """
insert into marts.fct_ledger_line
select md5(event || '|request|' || request_id || '|' || line_no),
       md5(event || '|request|' || request_id), event, 'MANUAL', 'manual', account, signed_amount,
       request.entity_code, facility_code, payer_class, line.claim_key, line.account_key,
       control_key, request.approval_class, accounting_date, true, content_hash, null, null,
       decided_at
from ledger.request_state as request join ledger.request_line as line using (request_id)
where state = 'approved'
"""


def test_an_approved_entry_goes_the_way_of_all_entries_by_itself(indebted):
    """Beside the charges' entry of the same day stands one of the class `manual`."""
    decide(indebted, ask(indebted))
    indebted.by("transform").execute(DEMANDED)
    indebted.propose()
    indebted.approve()
    ((entry_id, *_, state, content),) = [
        row for row in indebted.entries() if row[3] == "manual"
    ]  # fmt: skip
    assert state == "proposed"
    indebted.by("manager").execute("select ledger.approve(%s, %s)", [entry_id, content])
    assert entry_id in indebted.post_all()
    listed = indebted.ask("auditor", "select entry_id, detail from ledger.test_manual(%s)",
                          ["request."])  # fmt: skip
    assert listed == [(entry_id, "events request.entry")]


def test_an_entry_dated_into_a_closed_month_goes_to_the_first_open_day(indebted):
    admin = indebted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.period set own_status = 'closed' where period_start"
                  " = '2026-09-01' and entity_code = 'NLH'")  # fmt: skip
    decide(indebted, ask(indebted))
    indebted.by("transform").execute(DEMANDED)
    indebted.propose()
    (row,) = [row for row in indebted.entries() if row[3] == "manual"]
    assert row[2] == date(2026, 10, 1)
    periods = indebted.ask("auditor", "select distinct original_period from ledger.entry_line"
                           " where rule = 'MANUAL'")  # fmt: skip
    assert periods == [(date(2026, 9, 1),)]


@pytest.mark.promise("Entries on one account add up over the days of the policy")
def test_entries_on_one_account_add_up_over_days(indebted):
    """Four entries of days ago reach the limit of the approver together."""
    for number in range(4):
        entry = wanted(debit("6230", f"4900.0{number}"), credit("1220", f"4900.0{number}"))
        decide(indebted, ask(indebted, entry), by="manager")
    admin = indebted.database.admin()
    admin.execute("set session_replication_role = replica")
    admin.execute("update ledger.request_act set acted_at = acted_at - interval '3 days'")
    last = ask(indebted, wanted(debit("6230", "4900.09"), credit("1220", "4900.09")))
    refused(lambda: decide(indebted, last, by="manager"), "LIMIT")
    assert decide(indebted, last, by="controller") == "approved"
