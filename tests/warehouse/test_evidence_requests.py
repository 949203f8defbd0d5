"""Requests in an evidence pack: what was asked and decided, no document, and tampering shows."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.ledger.manual import ManualLine
from resources.warehouse import evidence, requests
from resources.warehouse.requests import Ask, AskEntry
from tests.fixtures.books import Event, begins, post_and_approve
from tests.fixtures.packs import SCOPE, change, failing, make, seal, table, with_balances

pytestmark = pytest.mark.promise(
    "An evidence pack holds each request with its decisions, and a change shows"
)

LINES = (ManualLine("6230", Decimal("25.00"), Decimal(0), "k", memo="fee of the letter"),
         ManualLine("1220", Decimal(0), Decimal("25.00"), "MCR01"))  # fmt: skip
ENTRY = AskEntry(
    "NLH", date(2026, 9, 15), "RECLASS", "as the payer's letter says", LINES,
    attachment_sha256="c" * 64, attachment_size=9, attachment_type="application/pdf",
)  # fmt: skip
CHARITY = Ask("charity.approved", "NLH", "account", Decimal("10.00"), "assistance form, complete")


@begins
def asked(books):
    """A withdrawn request and an approved manual entry, both asked for today."""
    with_balances(post_and_approve(books))
    books.demand([Event("c", "charge.posted.selfpay", "300.00")])
    withdrawn = requests.ask(books.by("biller"), CHARITY)
    requests.withdraw(books.by("biller"), withdrawn)
    number = requests.ask_entry(books.by("biller"), ENTRY)
    (found,) = requests.requests(books.by("auditor"), "open")
    requests.decide(books.by("manager"), number, "approved", found.content_hash)


@pytest.fixture
def pack(made_once, tmp_path):
    span = replace(SCOPE, last=max(datetime.now(UTC).date(), SCOPE.last))
    return shutil.copytree(made_once("asked", scope=span), tmp_path / "pack")


def test_a_pack_has_requests_acts_and_lines_and_names_a_document_by_its_hash(pack):
    one, other = table(pack, "ledger/requests.csv")
    assert (one["state"], other["state"]) == ("withdrawn", "approved")
    assert (other["attachment_sha256"], other["reason_code"]) == ("c" * 64, "RECLASS")
    limits = [row["limit_id"] for row in table(pack, "ledger/request_acts.csv")]
    assert limits == ["", "manual-approver"]
    amounts = [row["signed_amount"] for row in table(pack, "ledger/request_lines.csv")]
    assert amounts == ["25.00", "-25.00"]
    assert "requests" not in failing(pack)


@pytest.mark.parametrize(
    ("name", "at", "column", "value"),
    [
        ("ledger/requests.csv", 1, "content_hash", "0" * 64),
        ("ledger/requests.csv", 1, "requested_by", "somebody"),
        ("ledger/requests.csv", 0, "state", "approved"),
        ("ledger/request_acts.csv", 1, "actor", "somebody"),
        ("ledger/request_acts.csv", 1, "limit_id", "ask-controller"),
        ("ledger/request_acts.csv", 1, "account_measure", "5000.01"),
        ("ledger/request_lines.csv", 0, "signed_amount", "26.00"),
    ],
)
def test_a_changed_request_shows_in_its_own_check(pack, name, at, column, value):
    change(pack, name, at, column, value)
    seal(pack)
    assert "requests" in failing(pack)


def test_scopes_of_other_months_leave_requests_out(posted, tmp_path):
    books = with_balances(posted)
    requests.ask_entry(books.by("biller"), ENTRY)
    scope = evidence.Scope(date(2026, 1, 1), date(2026, 1, 31), ("NLH",))
    folder = make(books, tmp_path / "pack", scope=scope).folder
    assert table(folder, "ledger/requests.csv") == []
