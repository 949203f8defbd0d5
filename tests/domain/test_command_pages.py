"""What the command prints: exact amounts, the same facts for people and for scripts."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.keys import account_hash
from orchestration import approve, exceptions, prove, report, status, trace
from orchestration.outside import variables
from orchestration.tables import percent, plain, show, table

pytestmark = pytest.mark.promise(
    "Commands show exact amounts, and the same facts to people and to scripts",
    "A cent of difference, a held entry or a missing certificate fails the run",
)

TIE_OUT = {
    "entity_code": "NLH", "account": "1110", "subledger_amount": Decimal("10.01"),
    "waiting_amount": Decimal("0.00"), "held_amount": Decimal("0.00"),
    "others_amount": Decimal("0.00"), "erp_balance_amount": Decimal("10.00"),
    "difference_amount": Decimal("0.01"),
}  # fmt: skip
EMPTY = {name: [] for name in report.QUERIES}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Decimal("-1234567.8"), "-1,234,567.80"),
        (1234, "1,234"),
        (True, "yes"),
        (None, ""),
        (date(2026, 10, 31), "2026-10-31"),
        (datetime(2026, 10, 31, 6, 5, 4, tzinfo=UTC), "2026-10-31 06:05:04Z"),
    ],
)
def test_a_cell_is_shown_as_a_controller_reads_it(cell, text):
    assert show(cell) == text


def test_amounts_stand_on_the_right_and_words_on_the_left():
    lines = table(["entity", "amount"], [("NLH", Decimal("5.00")), ("B", Decimal("1234.50"))])
    assert lines == ["  entity    amount", "  NLH         5.00", "  B       1,234.50"]


def test_scripts_get_amounts_as_exact_text():
    found = plain({"amount": Decimal("0.10"), "day": date(2026, 1, 2), "rows": ((1, None),)})
    assert json.dumps(found) == '{"amount": "0.10", "day": "2026-01-02", "rows": [[1, null]]}'


def test_a_share_of_nothing_is_a_dash():
    assert percent(3, 0) == "-"
    assert percent(Decimal("1"), Decimal("8")) == "12.5 %"


def test_a_report_over_nothing_says_so_everywhere():
    text = "\n".join(report.render(EMPTY))
    for words in ("no remittance yet", "not enough history", "not issued", "no post run yet"):
        assert words in text


def test_a_cent_of_difference_is_shown_and_fails_the_run():
    found = {**EMPTY, "tie_out": [TIE_OUT]}
    assert "largest difference 0.01" in "\n".join(report.render(found))
    assert not report.ties(found)
    assert report.ties({**EMPTY, "tie_out": [{**TIE_OUT, "difference_amount": Decimal("0.00")}]})


@pytest.mark.parametrize(
    ("standing", "held"), [("posted", False), ("waiting", False), ("held", True)]
)
def test_only_an_approved_entry_that_may_not_go_counts_as_held(standing, held):
    assert report.is_held({**EMPTY, "entries": [{"standing": standing}]}) is held


def test_a_certificate_that_was_never_issued_does_not_pass():
    assert not report.passes(EMPTY)
    assert report.passes({**EMPTY, "certificate": [{"passes": True}]})


def test_a_proof_of_nothing_does_not_hold():
    assert not prove.holds({"tie_outs": []})
    assert prove.holds({"tie_outs": [{"holds": True}]})
    assert not prove.holds({"tie_outs": [{"holds": True}, {"holds": False}]})


def test_sources_that_nobody_serves_are_empty_and_not_absent():
    sftp = {"host": "127.0.0.1", "port": 22, "user": "u", "password": "p", "host_key": "k"}
    found = variables({"sftp": sftp})
    assert (found["TIEOUT_SFTP_PORT"], found["TIEOUT_FHIR_URL"], found["TIEOUT_CARD_URL"]) == (
        "22", "", "",
    )  # fmt: skip


def test_a_private_key_travels_on_one_line():
    found = variables({"fhir": {"url": "http://x", "private_key_pem": "-----\nabc\n-----\n"}})
    assert found["TIEOUT_FHIR_PRIVATE_KEY"] == "-----\\nabc\\n-----\\n"


def test_an_account_number_is_hashed_alike_however_it_is_typed():
    key = bytes(32)
    assert account_hash(" ab12 ", key) == account_hash("AB12", key)
    assert account_hash("AB12", key) != account_hash("AB12", bytes(31) + b"\1")


def test_pages_without_anything_say_so():
    assert exceptions.render([]) == ["No open exceptions."]
    assert approve.render([]) == ["No entry waits for a person."]
    assert trace.render({"claim": {"events": [], "balances": {}}}) == [
        "No ERP document, claim or account of that number."
    ]


def test_status_names_the_password_file_and_not_the_password():
    lines = status.render(
        {
            "world": "w", "state_folder": "s", "servers": [], "build": None, "master_data": [],
            "restatements": [],
            "foreign": [],
            "connect": {
                "user": "u_bi_reader", "host": "127.0.0.1", "port": 1, "database": "tieout",
                "schema": "marts", "password_variable": "TIEOUT_PASSWORD_BI_READER",
                "password_file": "secrets.env",
            },
            "alerts": [], "sources": [], "looks": [], "queue": [], "held": [], "exceptions": [],
        }
    )  # fmt: skip
    assert "TIEOUT_PASSWORD_BI_READER in secrets.env" in "\n".join(lines)
    assert "build      none yet" in lines
