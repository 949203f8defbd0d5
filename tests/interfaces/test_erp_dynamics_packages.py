"""Long entries go to Dynamics 365 Finance as data packages, each under an id made of its key."""

import io
import zipfile
from dataclasses import replace

import pytest

from billing.ledger.erp import DRAFT, ErpRejected, ErpUnknown, Reason, compare
from resources.erp.dynamics_finance import DynamicsFinanceLedger
from resources.erp.dynamics_finance_package import package
from sandbox.erp.faults import Fault
from tests.fixtures.erp.dynamics_finance import environment

pytestmark = pytest.mark.promise(
    "A long entry goes to Dynamics 365 Finance as one package and is imported once"
)


@pytest.fixture
def d365():
    with environment() as made:
        yield made


@pytest.fixture
def entry(make_entry):
    """Twelve lines, where packages begin above ten."""
    lines = [
        replace(line, facility="EAST", payer_class="medicare", description=f"{n}, a \"line\"")
        for n, line in enumerate(make_entry().lines * 3, start=1)
    ]  # fmt: skip
    return replace(
        make_entry(), lines=tuple(replace(one, line_no=n) for n, one in enumerate(lines, start=1))
    )


def ledger(d365, **change):
    return d365.ledger(package_above=10, **change)


def outcome(d365, entry, **change):
    with pytest.raises((ErpUnknown, ErpRejected)) as raised:
        ledger(d365, **change).post(entry)
    return raised.value.reason_code


def imports(d365):
    return [path for _, path in d365.stub.requests if path.endswith("ImportFromPackage")]


def journals(d365):
    return list(d365.stub.journals["nlh"].all.values())


def is_there_once(d365, entry):
    assert outcome(d365, entry) == Reason.AWAITING_POST
    d365.stub.run_batch()
    assert compare(entry, ledger(d365).post(entry)) == []
    return d365.harness.documents("NLH", entry.key) == 1


def test_an_entry_above_the_limit_is_imported_and_reads_back_equal(d365, entry):
    assert is_there_once(d365, entry)
    assert len(imports(d365)) == 1
    assert list(d365.stub.packages.executions) == [f"tieout-{entry.key}-1"]


def test_an_entry_up_to_the_limit_goes_line_by_line(d365, make_entry):
    assert is_there_once(d365, make_entry())
    assert imports(d365) == []


def test_an_import_that_still_runs_is_waited_for_and_not_started_again(d365, entry):
    d365.stub.packages.answers_until_done = 8
    assert outcome(d365, entry, polls=2) == Reason.AWAITING_POST
    d365.stub.journals["nlh"].all.clear()  # as if nothing of it could be seen yet
    assert outcome(d365, entry, polls=2) == Reason.AWAITING_POST
    assert len(imports(d365)) == 1


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.HTML_AFTER])
def test_a_lost_answer_of_an_import_is_unknown_and_leaves_one_document(d365, entry, fault):
    d365.harness.fault(fault)
    assert outcome(d365, entry) != Reason.AWAITING_POST
    assert is_there_once(d365, entry)
    assert len(d365.stub.packages.executions) == 1


def test_an_import_of_a_part_leaves_nothing_and_may_be_tried_again(d365, entry):
    d365.harness.fault(Fault.PARTIAL)
    assert outcome(d365, entry) == Reason.OTHER
    assert journals(d365) == []
    assert is_there_once(d365, entry)
    assert list(d365.stub.packages.executions) == [
        f"tieout-{entry.key}-1",
        f"tieout-{entry.key}-2",
    ]


def test_a_part_that_nobody_took_back_is_a_draft_and_is_replaced(d365, entry, monkeypatch):
    d365.stub.packages.answers_until_done = 0
    monkeypatch.setattr(DynamicsFinanceLedger, "_bring", _only_start)
    d365.harness.fault(Fault.PARTIAL)
    with pytest.raises(ErpUnknown):
        ledger(d365).post(entry)
    monkeypatch.undo()
    assert ledger(d365).find("NLH", entry.key).state == DRAFT
    assert is_there_once(d365, entry)


def _only_start(self, entry):
    self._packages._start(entry, self._packages.free(entry.key))
    raise ErpUnknown(Reason.TIMEOUT)


def test_a_part_of_an_import_that_runs_is_not_disturbed(d365, entry):
    d365.stub.packages.answers_until_done = 8
    assert outcome(d365, entry, polls=2) == Reason.AWAITING_POST
    d365.stub.journals["nlh"].all["00001"].lines.pop()
    assert outcome(d365, entry, polls=2) == Reason.AWAITING_POST
    assert list(d365.stub.journals["nlh"].all) == ["00001"]


def test_a_failed_import_is_a_refusal(d365, entry):
    del d365.harness.companies["NLH"].segments["Facility"]["200"]
    assert outcome(d365, entry) == Reason.OTHER
    assert journals(d365) == []


def test_a_created_journal_that_says_something_else_is_imported_anew(d365, entry):
    lines = tuple(replace(one, description="other") for one in entry.lines)
    assert outcome(d365, replace(entry, lines=lines)) == Reason.AWAITING_POST
    assert is_there_once(d365, entry)
    assert len(d365.stub.packages.executions) == 2


def test_a_project_that_is_not_there_is_no_import(d365, entry):
    assert outcome(d365, entry, data_project="none") == Reason.UNREADABLE_ANSWER
    assert d365.stub.packages.executions == {}


def test_the_same_entry_gives_the_same_package(d365, entry):
    made = package(entry, d365.settings())
    assert made == package(entry, d365.settings())
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["Manifest.xml", "PackageHeader.xml", "General journal.csv"]
        rows = archive.read("General journal.csv").decode().splitlines()
    assert len(rows) == 13
    assert '"1, a ""line"""' in rows[1]
    assert ",80.25,0.00," in rows[1]


def test_the_stub_takes_a_package_only_where_it_was_told_to_and_by_signature(d365):
    url = d365.stub.packages.write_url(d365.url, "a.zip")
    path = url.partition("/dmf/")[2].rstrip('"}')
    assert d365.stub.packages.upload("/dmf/a.zip?sig=guessed", "BlockBlob", b"") == 403
    assert d365.stub.packages.upload(f"/dmf/{path}", "", b"") == 400
    assert d365.stub.packages.upload(f"/dmf/{path}", "BlockBlob", b"") == 201


def test_the_stub_refuses_an_execution_that_exists(d365, entry):
    assert outcome(d365, entry) == Reason.AWAITING_POST
    (blob,) = d365.stub.packages.blobs
    content = {
        "packageUrl": f"{d365.url}{blob}", "definitionGroupId": "Tieout general journal",
        "executionId": f"tieout-{entry.key}-1", "execute": True, "overwrite": True,
        "legalEntityId": "nlh",
    }  # fmt: skip
    action = "DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.ImportFromPackage"
    assert d365.raw("POST", action, json=content).status_code == 400
    assert len(journals(d365)) == 1
