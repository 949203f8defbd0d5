"""The tie-outs: each holds on sound data and names the scope where one cent is off."""

import functools
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from billing.ledger.manual import ManualLine
from resources.warehouse import requests
from resources.warehouse.requests import AskEntry
from resources.warehouse.tie_outs import OTHER_TITLES, TIE_OUTS, evaluate
from tests.fixtures.books import Event, begins

pytestmark = pytest.mark.promise(
    "Every tie-out holds on sound data and names the scope where one cent is off"
)

FILE = "11111111-1111-1111-1111-111111111111"
RAW = f"""
insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes, received_at,
    outcome, is_reserialised)
values ('{FILE}', rpad(replace('{FILE}', '-', ''), 64, 'a'), 'clearinghouse', 'f', 'x12', 1,
    now(), 'landed', true);
insert into raw.bank_statement (file_id, segment, known_at, statement_no, bank_id, bank_account,
    as_of_date, currency, opening_amount, closing_amount, content_hash)
values ('{FILE}', 1, now(), 1, '1', '4410001001', '2026-09-15', 'USD', 10.00, 10.00, 'd15'),
       ('{FILE}', 2, now(), 2, '1', '4410001001', '2026-09-16', 'USD', 10.00, 10.00, 'd16');
insert into raw.remittance (file_id, segment, known_at, transaction_no, payment_amount,
    claim_count, content_hash) values ('{FILE}', 3, now(), 1, 55.00, 1, 'h');
insert into raw.remittance_claim (file_id, segment, known_at, transaction_no, claim_no,
    charge_amount, paid_amount) values ('{FILE}', 8, now(), 1, 1, 100.00, 60.00);
insert into raw.remittance_line (file_id, segment, known_at, transaction_no, claim_no, line_no,
    charge_amount, paid_amount) values ('{FILE}', 9, now(), 1, 1, 1, 100.00, 60.00);
insert into raw.claim_adjustment (file_id, segment, known_at, transaction_no, claim_no, line_no,
    adjustment_no, group_code, reason_code, amount)
values ('{FILE}', 10, now(), 1, 1, 1, 1, 'CO', '45', 40.00);
insert into raw.provider_adjustment (file_id, segment, known_at, transaction_no, adjustment_no,
    reason_code, amount) values ('{FILE}', 12, now(), 1, 1, 'WO', 5.00);
"""
BUILT = f"""
create table intermediate.int_record_outcome (
    record_id text, record_kind text, file_id uuid, segment int, source text, entity_code text,
    amount numeric(14, 2), outcome text, reason_code text);
insert into intermediate.int_record_outcome values
    ('c', 'remittance_claim', '{FILE}', 8, 'clearinghouse', 'NLH', 60.00, 'posted', null),
    ('p', 'provider_adjustment', '{FILE}', 12, 'clearinghouse', 'NLH', 5.00, 'posted', null);
create table intermediate.int_remittance_claim (
    file_id uuid, entity_code text, trace_number text, event_date date,
    paid_amount numeric(14, 2), is_matched boolean, reason_code text);
insert into intermediate.int_remittance_claim values
    ('{FILE}', 'NLH', 'TRN1', '2026-09-15', 60.00, true, null);
create table intermediate.int_provider_adjustment (
    file_id uuid, transaction_no int, adjustment_no int, entity_code text, trace_number text,
    event_date date, amount numeric(14, 2), event text, outcome text);
create table intermediate.int_bank_line_outcome (
    file_id uuid, entity_code text, trace_number text, event_date date, direction text,
    amount numeric(14, 2), is_mapped boolean, has_remittance boolean, event text, outcome text,
    reason_code text);
create table intermediate.int_card_charge (
    entity_code text, amount numeric(14, 2), is_matched boolean, outcome text);
create table intermediate.int_posting_rule (
    event text, entity_code text, starts_on date, ends_on date, debit text, credit text);
update marts.fct_ledger_line set control_key = 'TRN1' where account = '1050';
create table marts.mart_ar_rollforward (
    period_month date, entity_code text, facility_code text, payer_class text, account text,
    opening_amount numeric(14, 2), movement_amount numeric(14, 2), closing_amount numeric(14, 2));
insert into marts.mart_ar_rollforward values
    ('2026-09-01', 'NLH', 'MAIN', 'commercial', '1110', 0, 100, 100),
    ('2026-10-01', 'NLH', 'MAIN', 'commercial', '1110', 100, -60, 40);
create table marts.mart_ledger_reconciliation (
    entity_code text, account text, subledger_amount numeric(14, 2),
    waiting_amount numeric(14, 2), held_amount numeric(14, 2), erp_balance_amount numeric(14, 2),
    explained_amount numeric(14, 2), carried_amount numeric(14, 2), unexplained_count integer);
insert into marts.mart_ledger_reconciliation values ('NLH', '1110', 40, 5, 3, 37, -2, 7, 0);
"""


@dataclass
class Warehouse:
    """Both roles that the data of these tests come from."""

    books: object

    @functools.cached_property
    def admin(self):
        return self.books.database.admin()

    def change(self, query, role="transform"):
        """Damage something, as the superuser with triggers off where it must be."""
        if role == "admin":
            self.admin.execute("set session_replication_role = replica")
            self.admin.execute(query)
        else:
            self.books.by(role).execute(query)

    def results(self):
        """Return {(id, scope): result} of all tie-outs."""
        found = evaluate(self.books.by("transform"))
        return {(result.id, result.scope): result for result in found}

    def broken(self):
        """Return the ids of tie-outs that do not hold."""
        return {key[0] for key, result in self.results().items() if not result.holds}

    def broken_by(self, damage):
        """Return the ids of tie-outs that do not hold after a damage, which is taken back."""
        prefix = self.books.database.settings.role_prefix
        with self.admin.transaction(force_rollback=True):
            self.admin.execute("set local session_replication_role = replica")
            self.admin.execute(damage)
            self.admin.execute(f"set local role {prefix}_transform")
            return {result.id for result in evaluate(self.admin) if not result.holds}


@begins
def read_back(books):
    """One remittance received, posted and read back, with the marts that dbt would make."""
    books.run(
        [
            Event("a", "charge.posted", "100.00"),
            Event("b", "remit.paid", "60.00"),
        ]
    )
    ingest = books.by("ingest")
    ingest.execute(RAW)
    books.by("transform").execute(BUILT)


@pytest.fixture
def warehouse(read_back):
    return Warehouse(read_back)


def test_every_tie_out_holds_on_sound_data(warehouse):
    results = warehouse.results()
    assert warehouse.broken() == set()
    assert {key[0] for key in results} >= {"T1", "T3", "T4", "T5", "T6", "T7", "T8", "T9"}
    assert {key[0] for key in results} >= {"T10", "T11", "T14"}
    one = results["T5", "remittances"]
    assert (one.left, one.right, one.difference) == (Decimal(55), Decimal(55), Decimal(0))


def test_there_are_fifteen_and_two_of_them_read_the_archive(warehouse):
    covered = {tie_out.id for tie_out in TIE_OUTS} | set(OTHER_TITLES)
    assert covered == {f"T{number}" for number in range(1, 16)}
    assert [t.id for t in TIE_OUTS if t.phase == "post"] == ["T9", "T14"]
    assert [t.id for t in TIE_OUTS if t.phase == "prove"] == ["T11", "T13"]
    assert warehouse.results()["T9", "NLH/1110"].left == Decimal(37)


# Damage done with every trigger off, and the tie-outs that it breaks.
DAMAGES = [
    ("update ops.received_file set is_reserialised = false", {"T1"}),
    ("update raw.remittance_line set paid_amount = 60.01", {"T3"}),
    ("update raw.claim_adjustment set amount = 39.99", {"T3", "T4"}),
    ("update raw.remittance set payment_amount = 55.01", {"T5"}),
    ("update raw.provider_adjustment set amount = 5.01", {"T5", "T6"}),
    ("delete from intermediate.int_record_outcome where record_id = 'p'", {"T6"}),
    (
        "insert into intermediate.int_record_outcome select * from"
        " intermediate.int_record_outcome where record_id = 'c'",
        {"T6"},
    ),
    ("update marts.mart_ar_rollforward set movement_amount = 101 where opening_amount = 0",
     {"T8"}),
    ("update marts.mart_ar_rollforward set opening_amount = 99, movement_amount = -59"
     " where opening_amount = 100", {"T8"}),
    ("update marts.fct_ledger_line set signed_amount = 100.01 where account = '1110'"
     " and event_id = 'a'", {"T8"}),
    ("update intermediate.int_remittance_claim set paid_amount = 60.01", {"T7"}),
    ("update intermediate.int_remittance_claim set event_date = null", {"T7"}),
    ("update intermediate.int_remittance_claim set trace_number = 'TRN2'", {"T7"}),
    ("update raw.bank_statement set closing_amount = 10.01 where statement_no = 2", {"T11"}),
    ("update raw.bank_statement set opening_amount = 9.99, closing_amount = 9.99"
     " where statement_no = 1", {"T11"}),
    ("insert into marts.fct_ledger_line (event_id, event, account, signed_amount, entity_code)"
     " values ('x', 'bank.fee', '1010', 0.01, 'NLH')", {"T11"}),
    ("insert into marts.fct_ledger_line (event_id, event, account, signed_amount, entity_code)"
     " values ('x', 'plb.WO', '2130', 0.01, 'NLH')", {"T12"}),
    ("insert into marts.fct_ledger_line (event_id, event, account, signed_amount, entity_code)"
     " values ('x', 'remit.paid.unmatched', '2110', -0.01, 'NLH')", {"T13"}),
    ("insert into marts.fct_ledger_line (event_id, event, account, signed_amount, entity_code)"
     " values ('x', 'plb.other', '9010', 0.01, 'NLH')", {"T13"}),
    ("update intermediate.int_remittance_claim set is_matched = false", {"T13"}),
    ("insert into intermediate.int_card_charge values ('NLH', 0.01, false, 'posted')", {"T13"}),
    ("update marts.mart_ledger_reconciliation set erp_balance_amount = 37.01", {"T9"}),
    ("update marts.mart_ledger_reconciliation set unexplained_count = 2", {"T9"}),
    ("update ledger.entry_line set credit_amount = credit_amount + 0.01"
     " where credit_amount > 0 and rule = 'JR01'", {"T10", "T14"}),
    ("update ledger.entry_event set evidence_hash = 'x'", {"T10"}),
    ("update ledger.entry set entry_no = 2", {"T10"}),
    ("update ledger.recorded_digest set digest_high = digest_high + 1", {"T10"}),
    ("update ledger.audit set actor = 'nobody' where seq = 20", {"T10"}),
    ("update ledger.erp_document_line set debit_amount = debit_amount + 0.01"
     " where debit_amount > 0", {"T14"}),
    ("delete from ledger.erp_document_line where line_no = 1", {"T14"}),
]  # fmt: skip


def test_one_cent_or_one_record_breaks_the_tie_out_that_watches_it(warehouse):
    found = [warehouse.broken_by(damage) for damage, _ in DAMAGES]
    assert [(damage, broken) for (damage, _), broken in zip(DAMAGES, found, strict=True)] == DAMAGES
    assert warehouse.broken() == set()


BOOKED = """
insert into marts.fct_ledger_line (event_id, event, rule, account, signed_amount, entity_code,
    control_key, original_date)
select 'm' || request_id, 'request.entry', 'MANUAL', account, signed_amount, entity_code,
       control_key, event_date
from ledger.manual_line
"""


def booked_by_hand(warehouse, code, *lines):
    """Have an entry of (account, debit, credit, key) asked for, approved and built."""
    entry = AskEntry(
        "NLH", date(2026, 9, 16), code, "as the letter of the payer says",
        [ManualLine(account, Decimal(debit), Decimal(credit), key)
         for account, debit, credit, key in lines],
        attachment_sha256="a" * 64, attachment_size=1, attachment_type="text/plain",
    )  # fmt: skip
    number = requests.ask_entry(warehouse.books.by("biller"), entry)
    (found,) = requests.requests(warehouse.books.by("auditor"), "open")
    requests.decide(warehouse.books.by("controller"), number, "approved", found.content_hash)
    warehouse.change(BOOKED)


@pytest.mark.parametrize(
    ("account", "key"), [("1050", "TRN1"), ("2130", "P-1"), ("2110", "D-1"), ("2115", "ch-1")]
)
def test_a_manual_entry_on_an_item_list_keeps_its_tie_out(warehouse, account, key):
    booked_by_hand(warehouse, "RECLASS", (account, 5, 0, key), ("6320", 0, 5, "MCR01"))
    assert warehouse.broken() == set()
    warehouse.change(f"delete from marts.fct_ledger_line where account = '{account}'"
                     " and rule = 'MANUAL'")  # fmt: skip
    assert warehouse.broken() == {{"1050": "T7", "2130": "T12"}.get(account, "T13")}


def test_a_manual_entry_on_cash_holds_where_the_bank_shows_the_line(warehouse):
    """The bank's last statement has a fee of 5.00 that no rule posts; then people book it."""
    warehouse.change("update raw.bank_statement set closing_amount = 5.00 where statement_no = 2",
                     role="admin")  # fmt: skip
    warehouse.change("insert into intermediate.int_bank_line_outcome (entity_code, event_date,"
                     " direction, amount, is_mapped, outcome, reason_code) values ('NLH',"
                     " '2026-09-16', 'debit', 5.00, true, 'exception',"
                     " 'UNMAPPED_BANK_CODE')")  # fmt: skip
    assert warehouse.broken() == set()
    booked_by_hand(warehouse, "BANK_FEE", ("6230", 5, 0, "fee"), ("1010", 0, 5, ""))
    assert warehouse.broken() == set()


def test_a_manual_entry_on_cash_that_the_bank_does_not_show_breaks_t11(warehouse):
    booked_by_hand(warehouse, "BANK_FEE", ("6230", 5, 0, "fee"), ("1010", 0, 5, ""))
    assert warehouse.broken() == {"T11"}
