"""The post job from approved entry to reconciled document, over a real build."""

from decimal import Decimal
from typing import Any

import pytest

DIFFERENCES = (
    "select entity_code, account, difference_amount from marts.mart_ledger_reconciliation"
    " where difference_amount <> 0"
)


def _check(result: Any, name: str) -> Any:
    (found,) = [c for c in result.get_asset_check_evaluations() if c.check_name == name]
    return found


@pytest.mark.promise(
    "Approved entries are posted once and tie to the balances that the ERP reports"
)
def test_what_was_approved_is_posted_and_ties_to_the_balances_of_the_erp(pipeline: Any) -> None:
    pipeline.receive_story()
    pipeline.succeed("build")
    result = pipeline.succeed("post")
    assert set(pipeline.states()) == {"posted"}
    assert all(c.passed for c in result.get_asset_check_evaluations())
    assert pipeline.rows(DIFFERENCES) == []
    (paid,) = pipeline.rows(
        "select erp_balance_amount, subledger_amount from marts.mart_ledger_reconciliation"
        " where entity_code = 'NPG' and account = '1010'"
    )
    assert paid == (Decimal("200.00"), Decimal("200.00"))
    kept = "select has_passed from ops.check_result where check_id in ('T9', 'T14')"
    assert pipeline.rows(kept) == [(True,), (True,)]

    documents = dict(pipeline.ledger.documents)
    assert documents
    pipeline.succeed("build")
    again = pipeline.succeed("post")
    assert pipeline.ledger.documents == documents
    assert _check(again, "nothing_held").passed


@pytest.mark.promise("A document that is missing in the ERP breaks the reconciliation")
def test_a_document_changed_in_the_erp_turns_the_reconciliation_red(pipeline: Any) -> None:
    pipeline.receive_story()
    pipeline.succeed("build")
    pipeline.succeed("post")
    pipeline.ledger.documents.popitem()
    result = pipeline.succeed("post")
    assert not _check(result, "T9").passed
    assert pipeline.rows(DIFFERENCES) != []


@pytest.mark.promise("A closed period holds its entries visibly, and the reconciliation lists them")
def test_a_closed_period_holds_entries_visibly_and_the_reconciliation_lists_them(
    pipeline: Any,
) -> None:
    pipeline.receive_story()
    pipeline.succeed("build")
    pipeline.ledger.closed = {p.start for p in pipeline.ledger.periods("NPG")}
    result = pipeline.succeed("post")
    held = _check(result, "nothing_held")
    assert not held.passed
    assert held.metadata["held_entries"].records[0].data["reason"] == "PERIOD"
    assert pipeline.ledger.attempts == []
    assert pipeline.rows(DIFFERENCES) == []
    assert pipeline.rows(
        "select sum(held_amount) from marts.mart_ledger_reconciliation where account = '1010'"
    ) == [(Decimal("200.00"),)]
