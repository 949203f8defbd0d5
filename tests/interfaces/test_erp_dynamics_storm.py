"""Both Dynamics in a storm of faults, by seeds: each entry ends as one document, equal to it."""

import importlib

import pytest

from billing.ledger.erp import POSTED, ErpBusy, ErpUnknown, Reason, compare

pytestmark = pytest.mark.promise(
    "Each entry ends as one document in both Dynamics, whatever breaks on the way"
)

NAMES = ("business_central", "dynamics_finance")
TRIES = 80


@pytest.fixture(params=NAMES)
def made(request):
    module = importlib.import_module(f"tests.fixtures.erp.{request.param}")
    with module.environment() as environment:
        yield environment


def brought(made, entry):
    """Do as the outbox does until the entry is posted: read back, send again, run what waits."""
    for _ in range(TRIES):
        ledger = made.ledger()
        try:
            found = ledger.find(entry.entity, entry.key)
            if found is not None and found.state == POSTED:
                return found
            return ledger.post(entry)
        except ErpBusy:
            continue
        except ErpUnknown as unknown:
            if unknown.reason_code == Reason.AWAITING_POST:
                made.harness.run_batch()
    raise AssertionError("never posted")


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_each_entry_ends_as_one_document_whatever_breaks_on_the_way(made, make_entry, seed):
    faults = made.harness.faults
    faults.late_seconds = faults.slow_seconds = 0.01
    faults.rate, faults._chance = 0.4, type(faults._chance)(seed)
    entries = [make_entry() for _ in range(12)]
    for entry in entries:
        assert compare(entry, brought(made, entry)) == []
    assert faults.count > 0
    faults.rate = 0.0
    for entry in entries:
        assert made.harness.documents("NLH", entry.key) == 1
        assert brought(made, entry).lines == entry.lines
