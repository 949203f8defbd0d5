"""What people decide after the first run: asked for, signed by others, posted by later runs."""

from decimal import Decimal

import pytest

from tests.fixtures.decisions import CLOSE

pytestmark = pytest.mark.xdist_group("installation")
DOCUMENT = """
select document_number, entity_code from ledger.erp_document
join ledger.entry using (entry_id) order by entry_id limit 1
"""
WAITING = """
select sum(waiting_amount) as waiting from marts.mart_ledger_reconciliation where account = '2125'
"""
ALLOWANCES = """
select account, sum(erp_balance_amount) as erp from marts.mart_ledger_reconciliation
where account like '119%' group by account
"""
RULE_OF_ALLOWANCE = {"1192": "JR24", "1191": "JR45", "1190": "JR46"}


@pytest.mark.promise("What waits for a person is signed by one, and the next run posts it.")
def test_a_run_posts_what_a_person_signed(installation, decisions):
    assert {entry["entity_code"] for entry in decisions.waiting_first} <= {"NLH", "NPG"}
    assert decisions.waiting_first
    assert failed(decisions, "signed first") == {}
    signed = {entry["entry_id"] for entry in decisions.waiting_first}
    assert not signed & {entry["entry_id"] for entry in decisions.waiting_then}
    assert installation.rows("auditor", WAITING) == [{"waiting": Decimal("0.00")}]


@pytest.mark.promise(
    "One person asks for a write-off or a manual entry, others decide and sign, then it posts."
)
def test_what_two_people_asked_for_and_signed_is_posted(decisions):
    asked = ("charity", "charity approved", "entry", "entry approved")
    assert failed(decisions, *asked) == {}
    classes = {entry["approval_class"] for entry in decisions.waiting_then}
    assert classes == {"maker-checker+threshold", "manual", CLOSE}
    (charity,), (manual,) = map(decisions.of_class, ("maker-checker+threshold", "manual"))
    assert {line["account"] for line in charity["lines"]} == {"1120", "4540"}
    assert {line["account"] for line in manual["lines"]} == {"1120", "6230"}
    assert failed(decisions, "signed then", "third run") == {}


@pytest.mark.promise("Nobody approves an own request.")
@pytest.mark.promise(
    "A request beyond its balance, without its letter or with a wrong line is refused."
)
def test_a_wrong_request_is_refused_with_its_rule(decisions):
    refused = {
        "too much charity": "EXCEEDS", "charity by its asker": "",
        "entry with a wrong line": "KEY", "entry without its letter": "ATTACHMENT",
    }  # fmt: skip
    for name, rule in refused.items():
        answer = decisions.answers[name]
        assert (answer.returncode, rule in answer.stderr) == (1, True), name


@pytest.mark.promise("The document of a manual entry comes back byte for byte.")
def test_the_letter_of_an_entry_comes_back(installation, decisions, tmp_path):
    words = ("request", "attachment", str(decisions.request_id), "--to", str(tmp_path / "back"))
    back = installation.tieout(*words)
    assert back.returncode == 0, back.stderr
    assert (tmp_path / "back").read_bytes() == decisions.letter.read_bytes()


@pytest.mark.promise("A manual entry is traced both ways between its request and its ERP document.")
def test_a_manual_entry_is_traced_both_ways(installation, decisions):
    ((manual,), request_id) = decisions.of_class("manual"), decisions.request_id
    (request,) = installation.json("trace", f"request:{request_id}")["requests"]
    assert [act["limit_id"] for act in request["acts"]] == ["manual-approver"]
    (effect,) = request["effects"]
    assert (effect["entry_id"], effect["state"]) == (manual["entry_id"], "posted")
    (document,) = installation.json("trace", f"NLH:{effect['document_number']}")["documents"]
    assert [one["request_id"] for one in document["requests"]] == [request_id]
    names = (f"entry:{manual['entry_id']}", f"event:{effect['event_id']}", f"request:{request_id}")
    for name in names:
        shown = installation.tieout("trace", name)
        assert "asked by" in shown.stdout, shown.stderr
    listed = installation.json("audit", "entries", "--criteria", "manual")
    assert [one["entry_id"] for one in listed["tests"][0]["entries"]] == [manual["entry_id"]]


@pytest.mark.promise(
    "Estimates are signed by two others and posted; the ERP's allowances are what they require."
)
def test_estimates_that_two_others_signed_are_posted(installation, decisions):
    assert failed(decisions, "estimates prepared", "closed") == {}
    assert {"JR24", "JR45", "JR46", "JR59"} == {one["rule"] for one in decisions.estimates}
    shown = installation.tieout("estimate", "show", str(decisions.estimates[0]["run_id"]))
    assert "rates a tenth higher" in shown.stdout, shown.stderr
    assert decisions.of_class(CLOSE)
    required = dict.fromkeys(RULE_OF_ALLOWANCE.values(), Decimal(0))
    for one in decisions.estimates:
        if one["rule"] in required:
            required[one["rule"]] += Decimal(one["required_amount"])
    found = installation.rows("auditor", ALLOWANCES)
    posted = {RULE_OF_ALLOWANCE[row["account"]]: -row["erp"] for row in found if row["erp"]}
    assert posted == {rule: amount for rule, amount in required.items() if amount}


@pytest.mark.promise(
    "Rules are tried out before they are released: unchanged ones show no journal difference."
)
def test_unchanged_rules_show_no_journal_difference(installation):
    found = installation.json("policy", "what-if")
    assert found["differences"] == []
    assert all(one["wait"] == 0 for one in found["signatures"])


@pytest.mark.promise(
    "Rules are released by others than their author, and nobody approves an own release."
)
@pytest.mark.promise(
    "Every document names the rules and the code by which it was made, with author and approver."
)
@pytest.mark.usefixtures("decisions")
def test_two_logins_release_the_rules_that_entries_name(installation):
    before = installation.json("audit", "releases")
    assert [(one["finding"], one["author"]) for one in before["made"]] == [("", None)]  # set-up
    reason = ("--reason", "the rules of this distribution")
    asked = installation.tieout("policy", "release", "ask", "--login", "manager", *reason)
    assert asked.returncode == 0, asked.stderr
    own = installation.tieout("policy", "release", "approve", "1", "--login", "manager")
    assert (own.returncode, "SELF_APPROVAL" in own.stderr) == (1, True)
    assert installation.tieout("policy", "release", "approve", "1").returncode == 0
    (made,) = installation.json("audit", "releases")["made"]
    assert (made["finding"], made["entries"]) == ("", before["made"][0]["entries"])
    (document,) = installation.rows("auditor", DOCUMENT)
    name = f"{document['entity_code']}:{document['document_number']}"
    shown = installation.tieout("trace", name).stdout
    assert f"rules {made['rule_set_hash'][:12]}, code {made['code_hash'][:12]}" in shown
    assert f"written by {made['author']}, approved by {made['approver']}" in shown


def failed(decisions, *names):
    """What those of the named commands said that did not end with 0."""
    answers = {name: decisions.answers[name] for name in names}
    return {name: one.stdout + one.stderr for name, one in answers.items() if one.returncode}
