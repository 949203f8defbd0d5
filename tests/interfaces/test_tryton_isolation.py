"""One entity's user sees and posts nothing of the other, with and without a forged context."""

import base64
import json

import pytest
import requests

from billing.ledger.erp import ErpRejected
from resources.erp.tryton import MOVE, TrytonLedger
from resources.erp.tryton_http import TrytonClient, TrytonRefusedError
from resources.erp.tryton_settings import TrytonSettings

pytestmark = pytest.mark.promise(
    "One entity's ERP user sees and posts nothing of the other, forged or not"
)


@pytest.fixture
def intruder(tryton) -> TrytonLedger:
    """A client for NPG's company that holds NLH's key."""
    key = tryton.access.poster_keys["NLH"]
    return TrytonLedger(TrytonSettings(tryton.url, {"NPG": key}, tryton.access.companies))


@pytest.fixture
def client(tryton) -> TrytonClient:
    """The user of NLH."""
    return TrytonClient(tryton.url, tryton.access.poster_keys["NLH"])


def test_the_other_entity_s_documents_cannot_be_found(tryton, intruder, make_entry):
    entry = make_entry("NPG")
    tryton.ledger().post(entry)
    assert intruder.find("NPG", entry.key) is None


def test_the_other_entity_s_company_cannot_be_posted_to(tryton, intruder, make_entry):
    entry = make_entry("NPG")
    with pytest.raises(ErpRejected):
        intruder.post(entry)
    assert tryton.moves(entry.key) == 0


def test_tryton_itself_refuses_a_document_with_the_other_entity_s_ids(tryton, client, make_entry):
    entry = make_entry("NPG")
    with pytest.raises(TrytonRefusedError):
        client.create(MOVE, tryton.ledger()._values(entry))
    assert tryton.moves(entry.key) == 0


def test_the_other_entity_has_no_periods_and_no_balances_for_us(tryton, client, intruder):
    assert intruder.periods("NPG") == []
    company = tryton.access.companies["NPG"]
    assert client.read("account.account", [["company", "=", company]], ["balance"]) == []


@pytest.mark.parametrize("private", ["_companies", "_groups", "_check_access"])
def test_a_forged_context_is_refused_by_the_guard(tryton, client, make_entry, private):
    tryton.ledger().post(make_entry("NPG"))
    forged = {private: list(tryton.access.companies.values())}
    with pytest.raises(TrytonRefusedError) as refusal:
        client.read(MOVE, [], ["number"], forged)
    assert refusal.value.status == 400


def test_a_forged_context_cannot_create_in_the_other_company(tryton, make_entry):
    entry = make_entry("NPG")
    context = {"_companies": list(tryton.access.companies.values())}
    header = base64.urlsafe_b64encode(json.dumps(context).encode()).decode()
    answer = requests.post(
        f"{tryton.url}/rest/model/{MOVE}",
        json={"company": tryton.access.companies["NPG"], "external_reference": entry.key},
        headers={
            "Authorization": f"bearer {tryton.access.poster_keys['NLH']}",
            "X-Tryton-Context": header,
        },
        timeout=30,
    )
    assert answer.status_code == 400
    assert tryton.moves(entry.key) == 0


def test_an_open_context_still_works(client):
    rows = client.read("account.account", [["code", "=", "1010"]], ["code"], {"posted": True})
    assert [row["code"] for row in rows] == ["1010"]


def test_a_wrong_key_is_refused(tryton):
    with pytest.raises(TrytonRefusedError) as refusal:
        TrytonClient(tryton.url, "0" * 128).read(MOVE, [], ["number"])
    assert refusal.value.status == 401
