"""The ERP's master data at the gate: what the ERP would refuse is held before it is sent."""

from dataclasses import replace

import psycopg
import pytest

from billing.ledger.erp import ErpSegment, ErpUnknown, Reason
from resources.mirror import mirror_master_data
from resources.outbox import Outbox
from resources.warehouse import holds
from resources.warehouse.ledger import LedgerRefusedError
from tests.fixtures.books import Event, begins
from tests.fixtures.memory_erp import MemoryLedger

pytestmark = pytest.mark.promise(
    "What the ERP would refuse is held with its reason before it is sent"
)


class Silent(MemoryLedger):
    """An ERP that does not answer when its chart is asked for."""

    def accounts(self, entity):  # noqa: ARG002 (the protocol's)
        raise ErpUnknown(Reason.TIMEOUT)


class Carrying(MemoryLedger):
    """An ERP that has facilities of ours as segments."""

    def __init__(self, **segments):
        super().__init__()
        self.capabilities = replace(self.capabilities, dimensions=("facility",))
        self.known = segments

    def segments(self, entity):
        return [ErpSegment(entity, "facility", v, on) for v, on in self.known.items()]


@begins
def ready(books):
    """One approved entry of each entity."""
    books.demand([
        Event("a", "charge.posted", "100.00"),
        Event("b", "charge.posted", "70.00", entity="NPG", facility="CLIN"),
    ])  # fmt: skip
    books.propose()
    books.approve()


def mirror(books, erp, entity="NLH"):
    with books.database.connect("poster", autocommit=False) as connection:
        return mirror_master_data(connection, erp, entity)


def held(books, entity="NLH"):
    rows = books.ask("auditor", "select h.code, h.detail from ledger.entry e cross join lateral"
                     " ledger.hold_reasons(e.entry_id) h where e.entity_code = %s"
                     " and e.state <> 'void'", entity)  # fmt: skip
    return [tuple(row) for row in rows]


def test_an_erp_whose_mirror_was_never_due_holds_nothing(ready):
    assert held(ready) == held(ready, "NPG") == []
    assert len(ready.sendable()) == 2


def test_a_mirror_that_was_due_and_never_came_holds_and_says_since_when(ready):
    with pytest.raises(ErpUnknown):
        mirror(ready, Silent())
    ((code, detail),) = held(ready)
    assert code == "MASTER_DATA_UNKNOWN"
    assert "asked for on" in detail
    assert held(ready, "NPG") == []
    mirror(ready, MemoryLedger())
    assert held(ready) == []


def test_an_erp_that_fails_after_a_first_mirror_leaves_what_is_known(ready):
    mirror(ready, MemoryLedger())
    with pytest.raises(ErpUnknown):
        mirror(ready, Silent())
    assert held(ready) == []


def test_another_erp_is_not_believed_on_the_word_of_the_last_one(ready):
    mirror(ready, MemoryLedger())
    with pytest.raises(ErpUnknown):
        mirror(ready, Silent(name="another"))
    assert [code for code, _ in held(ready)] == ["MASTER_DATA_UNKNOWN"]


def test_an_erp_that_shows_no_account_at_all_is_refused(ready):
    with pytest.raises(LedgerRefusedError, match="MASTER_DATA"):
        mirror(ready, MemoryLedger(chart={}))


@pytest.mark.parametrize(
    ("is_active", "words"), [(False, "is not active"), (None, "is not in the chart")]
)
def test_an_account_that_is_inactive_or_unknown_in_the_erp_holds_until_mended(
    ready, is_active, words
):
    erp = MemoryLedger()
    if is_active is None:
        del erp.chart["1110"]
    else:
        erp.chart["1110"] = is_active
    mirror(ready, erp)
    ((code, detail),) = held(ready)
    assert (code, "account 1110 " + words in detail) == ("MAPPING", True)
    with ready.database.connect("poster", autocommit=False) as connection:
        assert Outbox(connection, erp, "NLH").run().posted == 0
    assert erp.attempts == []
    erp.chart["1110"] = True
    assert mirror(ready, erp)[2] == 1
    assert held(ready) == []
    with ready.database.connect("poster", autocommit=False) as connection:
        assert Outbox(connection, erp, "NLH").run().posted == 1


def test_the_database_itself_refuses_to_begin_sending_on_an_inactive_account(ready, refused):
    erp = MemoryLedger()
    erp.chart["4010"] = False
    entry_id = ready.sendable()[0]
    entity = ready.one("auditor", "select entity_code from ledger.entry where entry_id = %s",
                       entry_id)[0]  # fmt: skip
    mirror(ready, erp, entity)
    begin = "select * from ledger.begin_sending(%s)"
    refused(ready.by("poster"), begin, entry_id, code="HELD")


def test_a_facility_without_an_active_segment_holds_where_the_erp_carries_facilities(ready):
    mirror(ready, Carrying(MAIN=True), "NLH")
    assert held(ready) == []
    mirror(ready, Carrying(MAIN=False), "NLH")
    mirror(ready, Carrying(EAST=True), "NPG")
    expected = "facility {} has no active segment in the ERP"
    assert held(ready) == [("MAPPING", expected.format("MAIN"))]
    assert held(ready, "NPG") == [("MAPPING", expected.format("CLIN"))]


def test_an_entry_held_by_mapping_is_not_approved_by_policy(books):
    erp = MemoryLedger()
    erp.chart["1110"] = False
    mirror(books, erp)
    books.demand([Event("a", "charge.posted", "100.00")])
    books.propose()
    assert books.approve() == 0
    erp.chart["1110"] = True
    mirror(books, erp)
    assert books.approve() == 1


def test_blocked_dollars_are_told_by_reason_with_an_owner(ready):
    erp = MemoryLedger()
    erp.chart["1110"] = False
    for entity in ("NLH", "NPG"):
        mirror(ready, erp, entity)
    (one,) = holds.blocked(ready.by("auditor"))
    assert (one.code, one.owner, one.entries) == ("MAPPING", "accounting", 2)
    assert str(one.gross_amount) == "170.00"
    assert {e.owner for e in holds.held_entries(ready.by("auditor"))} == {"accounting"}


def test_every_code_of_the_gate_has_an_owner(database):
    (text,) = database.admin().execute("select pg_get_viewdef('ledger.hold'::regclass)").fetchone()
    owned = {code for (code,) in database.admin().execute("select code from ledger.hold_owner")}
    named = {code for code in owned if f"'{code}'::text" in text}
    assert named == owned
    assert owned == {"CERTIFICATE", "APPROVAL", "PERIOD", "LIMIT", "MAPPING",
                     "MASTER_DATA_UNKNOWN", "PARKED", "WAIT", "RELEASE"}  # fmt: skip


def test_a_later_change_of_an_account_is_in_the_audit(ready):
    erp = MemoryLedger()
    mirror(ready, erp)
    erp.chart["6320"] = False
    mirror(ready, erp)
    mirror(ready, erp)
    rows = ready.ask("auditor", "select detail -> 'changed' from ledger.audit"
                     " where action = 'mirror master data' order by seq")  # fmt: skip
    assert [row[0] for row in rows] == [None, [["account", "6320", False]]]


def test_only_the_poster_mirrors(ready):
    for role in ("preparer", "controller", "auditor", "transform"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ready.one(role, "select ledger.mirror_master_data('NLH', '[]', '[]')")
