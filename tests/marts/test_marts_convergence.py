"""Whatever order the evidence comes in, and however often, the marts say the same."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

D = Decimal
LATER = datetime(2026, 11, 3, tzinfo=UTC)
pytestmark = pytest.mark.xdist_group("small_world")
LEDGER = "select md5(string_agg(line_id || signed_amount, '|' order by line_id)) from {}"


def _payment(rows: Any, name: str, **values: Any) -> None:
    """A remittance of one payment of 44.00 with trace T99, which explains the lone deposit."""
    file_id = rows.file(name)
    rows.add("remittance", file_id, **{
        "transaction_no": 1, "payer_id": "1520000001", "trace_number": "T99",
        "payment_method": "ACH", "payment_amount": D("44.00"), "claim_count": 1,
        "payment_date": date(2026, 10, 8), "payee_npi": "1234567893", "content_hash": name,
        } | values)  # fmt: skip
    rows.add("remittance_claim", file_id, transaction_no=1, claim_no=1, claim_number="PLAIN",
             account_hash="PLAIN", claim_status_code="1", charge_amount=D("44.00"),
             paid_amount=D("44.00"))  # fmt: skip


@pytest.fixture(scope="module")
def told_backwards(small_world: Any, make_warehouse: Any) -> Any:
    """The small world, its files and records arriving last first and two days later."""
    warehouse = make_warehouse("backwards")
    warehouse.write(small_world.told, is_reversed=True, known_at=LATER)
    warehouse.cut_off(date(2026, 10, 31))
    warehouse.build("--exclude-resource-type", "test")
    return warehouse


@pytest.fixture
def own_world(copy_small_world: Any, request: pytest.FixtureRequest) -> Any:
    """A copy of the small world that the test may add to."""
    return copy_small_world(request.node.name[-20:])


@pytest.mark.promise("Marts and outcomes do not depend on the order in which evidence arrives")
def test_the_order_of_arrival_changes_no_mart(small_world, told_backwards):
    # Unit tests build what the post job builds, in the small world alone.
    first, second = small_world.checksums(), told_backwards.checksums()
    assert len(second) > 15
    assert second == {name: first[name] for name in second}


@pytest.mark.promise("Marts and outcomes do not depend on the order in which evidence arrives")
def test_the_order_of_arrival_changes_no_outcome(small_world, told_backwards):
    names = ("int_record_outcome", "int_exception_warning")
    first, second = (
        {name: world.checksums(schema="intermediate")[name] for name in names}
        for world in (small_world, told_backwards)
    )
    assert first == second


@pytest.mark.promise("A second build over the same evidence changes no mart")
def test_building_again_changes_nothing(told_backwards):
    before = told_backwards.checksums()
    told_backwards.build("--exclude-resource-type", "test")
    assert told_backwards.checksums() == before


@pytest.mark.promise("A late remittance takes over the deposit that was unidentified")
def test_a_late_remittance_takes_back_the_unidentified_receipt(own_world, new_rows):
    late = new_rows()
    _payment(late, "late 835")
    own_world.write(late, known_at=LATER)
    own_world.rebuild("fct_ledger_line", "int_record_outcome")
    events = own_world.rows(
        "select event, amount from marts.fct_billing_event where control_key = 'T99' order by 1"
    )
    assert events == [("payer.deposit.received", D("44.00")), ("remit.paid", D("44.00"))]


@pytest.mark.promise("Of two versions of one payment one counts, whichever came first")
def test_the_winner_of_a_payment_is_the_same_from_both_sides(own_world, new_rows):
    texts = []
    for names in (("copy a", "copy b"), ("copy b", "copy a")):
        own_world.clear()
        rows = new_rows()
        for name in names:
            _payment(rows, name)
        own_world.write(rows)
        own_world.rebuild("fct_ledger_line", "int_record_outcome")
        texts.append(own_world.rows(LEDGER.format("marts.fct_ledger_line")))
        assert own_world.outcomes("remittance_claim") == {
            None: (1, D("44.00")),
            "CONFLICTING_REMITTANCE": (1, D("44.00")),
        }
    assert texts[0] == texts[1]


@pytest.mark.promise("Of two versions of one payment one counts, whichever came first")
def test_a_clean_copy_wins_over_a_quarantined_one(own_world, new_rows):
    own_world.clear()
    rows = new_rows()
    _payment(rows, "a", finding_code="TRUNCATED")
    _payment(rows, "b")
    own_world.write(rows)
    own_world.rebuild("fct_ledger_line", "int_record_outcome")
    assert own_world.outcomes("remittance_claim") == {
        None: (1, D("44.00")),
        "TRUNCATED": (1, D("44.00")),
    }
