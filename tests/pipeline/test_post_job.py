"""The post job from approved entry to reconciled document, over a real build."""

from decimal import Decimal
from typing import Any

import pytest

DIFFERENCES = (
    "select entity_code, account, difference_amount from marts.mart_ledger_reconciliation"
    " where difference_amount <> 0"
)
pytestmark = pytest.mark.xdist_group("story")


def _check(result: Any, name: str) -> Any:
    (found,) = [c for c in result.get_asset_check_evaluations() if c.check_name == name]
    return found


@pytest.mark.promise(
    "Approved entries are posted once and tie to the balances that the ERP reports"
)
def test_what_was_approved_is_posted_and_ties_to_the_balances_of_the_erp(posted: Any) -> None:
    assert set(posted.states()) == {"posted"}
    assert all(c.passed for c in posted.runs["post"].get_asset_check_evaluations())
    assert posted.rows(DIFFERENCES) == []
    (paid,) = posted.rows(
        "select erp_balance_amount, subledger_amount from marts.mart_ledger_reconciliation"
        " where entity_code = 'NPG' and account = '1010'"
    )
    assert paid == (Decimal("200.00"), Decimal("200.00"))
    kept = "select has_passed from ops.check_result where check_id in ('T9', 'T14')"
    assert posted.rows(kept) == [(True,), (True,)]


@pytest.mark.promise(
    "Approved entries are posted once and tie to the balances that the ERP reports"
)
def test_a_second_build_and_post_make_no_document(posted_stage: Any, rebuilt_stage: Any) -> None:
    assert posted_stage.ledger.documents
    assert rebuilt_stage.ledger.documents == posted_stage.ledger.documents
    assert _check(rebuilt_stage.runs["post"], "nothing_held").passed


@pytest.mark.promise("A document that is missing in the ERP breaks the reconciliation")
def test_a_document_changed_in_the_erp_turns_the_reconciliation_red(posted: Any) -> None:
    posted.ledger.documents.popitem()
    result = posted.succeed("post")
    assert not _check(result, "T9").passed
    assert posted.rows(DIFFERENCES) != []


@pytest.mark.promise("A closed period holds its entries visibly, and the reconciliation lists them")
def test_a_closed_period_holds_entries_visibly_and_the_reconciliation_lists_them(
    built: Any,
) -> None:
    built.ledger.closed = {p.start for p in built.ledger.periods("NPG")}
    result = built.succeed("post")
    held = _check(result, "nothing_held")
    assert not held.passed
    assert held.metadata["held_entries"].records[0].data["reason"] == "PERIOD"
    assert built.ledger.attempts == []
    assert built.rows(DIFFERENCES) == []
    assert built.rows(
        "select sum(held_amount) from marts.mart_ledger_reconciliation where account = '1010'"
    ) == [(Decimal("200.00"),)]
