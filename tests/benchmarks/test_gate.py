"""What may be sent, asked with a thousand and with ten thousand approved entries that wait."""

import sys

import pytest

from tests.benchmarks.test_ledger_scale import taken_back
from tests.conftest import fresh_database
from tests.fixtures.books import AS_OF, Event, open_books

SIZES = (1_000, 10_000)
COPY = """
create temporary table model as select * from ledger.entry where state = 'approved' limit 1;
create temporary table copied as
select entry_id, entry_id + n * 1000 as copy_id, n
from model cross join generate_series(1, {copies}) as n;
insert into ledger.entry overriding system value
select (jsonb_populate_record(entry, jsonb_build_object(
    'entry_id', copy_id, 'part', 1 + n, 'erp_key', md5(n::text), 'entry_no', null))).*
from copied join ledger.entry as entry using (entry_id);
insert into ledger.entry_line
select (jsonb_populate_record(line, jsonb_build_object('entry_id', copy_id))).*
from copied join ledger.entry_line as line using (entry_id);
insert into ledger.approval overriding system value
select (jsonb_populate_record(approval, jsonb_build_object(
    'entry_id', copy_id, 'approval_id', approval_id + n * 1000))).*
from copied join ledger.approval as approval using (entry_id);
analyze ledger.entry, ledger.entry_line, ledger.approval
"""


@pytest.fixture(params=SIZES)
def waiting(request: pytest.FixtureRequest, server, template):
    with fresh_database(server, template) as made:
        books = open_books(made, AS_OF.replace(day=1), AS_OF)
        books.demand([Event("a", "remit.paid", "60.00", day=AS_OF.isoformat())])
        books.propose()
        books.approve()
        admin = made.admin()
        admin.execute("set session_replication_role = replica")
        admin.execute(COPY.format(copies=request.param - 1))
        yield books


def test_what_may_be_sent_is_asked_in_one_pass(waiting, capsys):
    poster = waiting.by("poster")
    entries = len(waiting.entries("approved"))
    assert len(poster.execute("select * from ledger.sendable(100000)").fetchall()) == entries
    seconds = taken_back(poster, "select * from ledger.sendable(100000)")
    with capsys.disabled():
        sys.stdout.write(f"\nwhat may be sent of {entries:,} entries: {seconds:.3f} s\n")
