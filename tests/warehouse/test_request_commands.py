"""`tieout request` and `tieout trace` as persons use them, on a ledger that is up already.

Only what starts servers is replaced; the end-to-end run has it all.
"""

import json
from contextlib import contextmanager
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from billing.keys import account_key
from orchestration.cli import app
from resources.settings import load_settings
from tests.fixtures.books import Event

pytestmark = [
    pytest.mark.promise(
        "Requests are asked for, decided and traced by command, with their document"
    ),
    pytest.mark.usefixtures("place"),
]
NUMBER = "CANARY-ACCOUNT-77"
LETTER = b"%PDF a letter that names CANARYBIRD"
LINES = (
    f"account,debit,credit,key,account_number,memo\n1120,7.00,,,{NUMBER},fee\n6230,,7.00,fee-1,,\n"
)
ENTRY = ("request", "entry", "--entity", "NLH", "--date", "2026-09-15", "--reason-code", "RECLASS",
         "--reason", "a returned cheque, by the bank's letter")  # fmt: skip


@pytest.fixture
def place(books, tmp_path, monkeypatch):
    """A ledger in which the account of the number owes 300.00, and the settings of it."""
    environ = {**books.database.environ(), "TIEOUT_HOME": str(tmp_path / "state")}
    settings = load_settings(environ)

    class Running:
        def __init__(self, *_):
            """The servers are up."""

        @contextmanager
        def database(self):
            yield settings

    monkeypatch.setattr("orchestration.launcher.Launcher", Running)
    books.demand([Event("a", "charge.posted.selfpay", "300.00")])
    key = account_key("NLH", NUMBER, settings.hash_key)
    books.by("transform").execute("update marts.fct_ledger_line set account_key = %s", [key])
    books.hand_over()
    (tmp_path / "lines.csv").write_text(LINES)
    (tmp_path / "letter.pdf").write_bytes(LETTER)
    return settings


def tieout(*words):
    """Run a command; return its exit code and all that it said. A refusal is one line."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    said = done.output if done.exception is None else f"{done.output}{done.exception}"
    assert NUMBER not in said
    assert "CANARYBIRD" not in said
    return done.exit_code, said


def asked(folder, *more):
    lines, letter = folder / "lines.csv", folder / "letter.pdf"
    return tieout(*ENTRY, "--lines", lines, "--attachment", letter, *more)


def test_an_entry_is_asked_for_approved_and_traced(tmp_path):
    assert asked(tmp_path) == (0, "request 1: open\n")
    code, said = tieout("request", "list")
    assert code == 0
    assert "request.entry of 2026-09-15" in said
    assert tieout("request", "approve", 1, "--as", "biller")[0] == 1
    code, said = tieout("request", "approve", 1, "--as", "manager")
    assert (code, "request 1: approved" in said, "6230" in said) == (0, True, True)
    code, said = tieout("trace", "request:1", "--json")
    (request,) = json.loads(said)["requests"]
    assert (request["amount"], request["reason_code"], request["state"]) == (
        "7.00", "RECLASS", "approved",
    )  # fmt: skip
    event = request["effects"][0]["event_id"]
    assert "asked by" in tieout("trace", f"event:{event}")[1]
    assert tieout("trace", "request:2")[0] == 1


def test_an_entry_of_the_ledger_shows_the_request_behind_it(books, tmp_path):
    asked(tmp_path, "--auto-reverse")
    tieout("request", "approve", 1)
    books.by("transform").execute(
        "insert into marts.fct_ledger_line (line_id, event_id, event, rule, rule_version, account,"
        " signed_amount, entity_code, approval_class, original_date, reaches_erp, evidence_hash)"
        " select event_id || account, event_id, 'request.entry', 'MANUAL', 'manual', account,"
        " signed_amount, 'NLH', 'manual', event_date, true, 'h' from ledger.manual_line"
        " join ledger.request_event using (request_id)"
        " where occasion = 'decided' and event_date = '2026-09-15'"
    )
    books.propose()
    (entry,) = [row[0] for row in books.entries() if row[3] == "manual"]
    code, said = tieout("trace", f"entry:{entry}")
    assert (code, "no ERP document" in said, "difference 0.00" in said) == (0, True, True)
    assert "request 1  request.entry  7.00 of NLH, approved" in said
    assert tieout("trace", "entry:999")[0] == 1


def test_a_document_is_kept_and_given_back(place, tmp_path):
    asked(tmp_path)
    code, said = tieout("request", "attachment", 1, "--to", tmp_path / "back.pdf")
    assert (code, "application/pdf" in said) == (0, True)
    assert (tmp_path / "back.pdf").read_bytes() == LETTER
    assert "File exists" in tieout("request", "attachment", 1, "--to", tmp_path / "back.pdf")[1]
    (kept,) = [path for path in place.archive_folder.rglob("*") if path.is_file()]
    kept.chmod(0o600)
    kept.write_bytes(b"another letter")
    code, said = tieout("request", "attachment", 1, "--to", tmp_path / "again.pdf")
    assert (code, "has changed" in said) == (1, True)
    code, said = tieout("request", "approve", 1)
    assert (code, "the document of request 1" in said and "has changed" in said) == (1, True)
    kept.unlink()
    code, said = tieout("request", "approve", 1)
    assert (code, "does not hold" in said) == (1, True)
    assert "does not hold" in tieout("request", "attachment", 1, "--to", tmp_path / "x.pdf")[1]
    assert "no attachment" in tieout("request", "attachment", 2, "--to", tmp_path / "x.pdf")[1]


@pytest.mark.parametrize(
    ("size", "words"), [(None, "No such file"), (0, "empty"), (10 * 1024 * 1024 + 1, "larger")]
)
def test_a_document_that_cannot_be_kept_is_refused_and_nothing_is_asked(
    books, tmp_path, size, words
):
    letter = tmp_path / "letter.pdf"
    letter.unlink()
    if size is not None:
        with letter.open("wb") as file:
            file.truncate(size)
    code, said = asked(tmp_path)
    assert (code, words in said) == (1, True)
    assert books.ask("auditor", "select count(*) from ledger.request") == [(0,)]


def test_lines_that_do_not_balance_and_codes_in_small_letters_are_refused_in_a_line(
    tmp_path,
):
    (tmp_path / "lines.csv").write_text(LINES.replace("7.00,,,", "8.00,,,"))
    assert "debits less credits are 1.00" in asked(tmp_path)[1]
    ask = ("request", "ask", "charity.approved", "--entity", "NLH", "--account-number", NUMBER,
           "--reason", "assistance form, complete")  # fmt: skip
    code, said = tieout(*ask, "--amount", "5.00", "--reason-code", "form")
    assert (code, "refused: database error 23514" in said) == (1, True)
    assert tieout(*ask, "--amount", "5.00", "--reason-code", "FORM")[0] == 0


def test_a_reversal_names_the_entry(books, tmp_path):
    asked(tmp_path)
    tieout("request", "approve", 1)
    code, said = tieout(*ENTRY[:4], "--date", "2026-09-20", "--reason-code", "CORRECTION",
                        "--reason", "the letter was withdrawn", "--reverses", 1)  # fmt: skip
    assert (code, said) == (0, "request 2: open\n")
    assert "reverses 1" in tieout("request", "approve", 2)[1]
    net = books.ask("auditor", "select sum(signed_amount) from ledger.manual_line"
                    " where account = '6230'")  # fmt: skip
    assert net == [(Decimal(0),)]
