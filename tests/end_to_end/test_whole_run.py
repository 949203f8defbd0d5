"""The whole path through the real command, with the sandbox's answer key as the judge."""

import json
from collections import Counter
from decimal import Decimal

import psutil
import pytest

SUBLEDGER = """
select entity_code, account, subledger_amount - waiting_amount - held_amount as books,
       erp_balance_amount as erp, difference_amount as difference
from marts.mart_ledger_reconciliation
"""
RECORDED = """
select (select count(*) from ledger.entry) as entries,
       (select count(*) from ledger.erp_document) as documents,
       (select max(seq) from ledger.audit where action <> 'mirror_period') as audited
"""
OPEN = """
select e.code, e.severity, f.name as file, sum(e.amount) as amount, count(*) as records
from ops.exception e left join ops.received_file f using (file_id)
where e.closed_at is null group by 1, 2, 3
"""
CARD_LIST = "charges"  # the key names the list; what arrives is a page of it


def _key_balances(key):
    return {
        (entity, account): Decimal(amount)
        for entity, accounts in key["general_ledger"].items()
        for account, amount in accounts.items()
        if Decimal(amount)
    }


@pytest.mark.promise(
    "The ledger and the ERP's own balances are what the evidence demands, to the cent."
)
def test_the_books_and_the_erp_agree_with_the_answer_key_to_the_cent(installation):
    expected = _key_balances(installation.answer_key())
    found = installation.rows("auditor", SUBLEDGER)
    books = {(row["entity_code"], row["account"]): row["books"] for row in found if row["books"]}
    erp = {(row["entity_code"], row["account"]): row["erp"] for row in found if row["erp"]}
    assert books == expected
    assert erp == expected
    assert {row["difference"] for row in found} == {Decimal("0.00")}


@pytest.mark.promise(
    "Receivables of payers and patients are those of the world behind the files, to the cent."
)
def test_receivables_are_those_of_the_answer_key(installation):
    key = installation.answer_key()["receivable_totals"]
    waiting = Counter()
    for credit in installation.answer_key()["waiting"]:
        waiting[credit["entity"]] += Decimal(credit["amount"])
    found = installation.rows(
        "bi_reader",
        "select entity_code, responsibility, sum(balance_amount) as balance"
        " from marts.mart_ar_aging group by 1, 2",
    )
    aged = {(row["entity_code"], row["responsibility"]): row["balance"] for row in found}
    for entity, totals in key.items():
        assert aged[entity, "payer"] == Decimal(totals["payer"])
        # The reclass of patient credits waits for a person, and is in the sub-ledger already.
        assert aged[entity, "patient"] == Decimal(totals["patient"]) + waiting[entity]


@pytest.mark.promise(
    "Initial denials by month, entity and payer are those of the world behind the files."
)
def test_initial_denials_are_those_of_the_answer_key(installation):
    expected = {
        (row["month"], row["entity"], row["payer"]): (
            row["decided_claims"], row["denied_claims"], Decimal(row["denied_amount"]),
        )
        for row in installation.answer_key()["initial_denials"]
    }  # fmt: skip
    found = installation.rows(
        "bi_reader",
        "select to_char(period_month, 'YYYY-MM') as month, entity_code, payer_code,"
        " sum(remitted_claims_count)::int as decided, sum(initial_denied_claims_count)::int"
        " as denied, sum(initial_denied_amount) as amount from marts.mart_denial_month"
        " group by 1, 2, 3 having sum(remitted_claims_count) > 0",
    )
    assert {
        (row["month"], row["entity_code"], row["payer_code"]): (
            row["decided"], row["denied"], row["amount"],
        )
        for row in found
    } == expected  # fmt: skip


def _file(error, code):
    """Of two envelopes of one payment either may be the one that counts: their hashes decide."""
    is_twin = code == "DUPLICATE_REMITTANCE"
    return {error["file_name"], error["other_file_name"]} if is_twin else {error["file_name"]}


@pytest.mark.promise("Every error in what was received is listed with its rule and its file.")
def test_every_planted_error_is_found_where_it_was_planted(installation):
    found = installation.rows("auditor", OPEN)
    listed = {(row["code"], _list_of(row["file"])) for row in found}
    for error in installation.answer_key()["planted_errors"]:
        if error["outcome"] != "duplicate":
            code = error["expected_code"]
            assert listed & {(code, name) for name in _file(error, code)}, error["kind"]


@pytest.mark.promise("A clean file raises no exception.")
def test_clean_files_raise_no_alarm(installation):
    planted = {
        name
        for error in installation.answer_key()["planted_errors"]
        for name in (error["file_name"], error["other_file_name"])
    }
    alarmed = {_list_of(row["file"]) for row in installation.rows("auditor", OPEN)}
    assert alarmed - planted == set()


def _list_of(name):
    """A page of the card processor's list, by the list's name; other files by their own."""
    return CARD_LIST if name and name.startswith(CARD_LIST) else name


@pytest.mark.promise("Dollars that cannot be trusted wait as exceptions, to the cent.")
def test_planted_dollars_wait_as_exceptions_to_the_cent(installation):
    planted = installation.answer_key()["planted_errors"]
    expected = sorted(
        Decimal(error["amount"]) for error in planted if error["outcome"] == "exception"
    )
    found = installation.rows(
        "auditor",
        "select o.file_id, sum(o.exception_amount) as amount from marts.mart_file_outcome o"
        " where o.record_kind = 'remittance_claim' and o.exception_count > 0 group by 1",
    )
    assert sorted(row["amount"] for row in found) == expected


@pytest.mark.promise("A file that is sent twice counts once, and both sightings are on record.")
def test_a_file_sent_twice_is_one_file_with_two_sightings(installation):
    (error,) = (
        error
        for error in installation.answer_key()["planted_errors"]
        if error["outcome"] == "duplicate"
    )
    found = installation.rows(
        "auditor",
        "select s.name, s.outcome from ops.file_sighting s join ops.received_file f using (file_id)"
        f" where f.name in ('{error['file_name']}', '{error['other_file_name']}')",
    )
    assert {row["name"] for row in found} == {error["file_name"], error["other_file_name"]}
    assert [row["outcome"] for row in found].count("taken") == 1


@pytest.mark.promise("Every received record ends as posted, memo or exception, with its dollars.")
def test_every_record_of_the_answer_key_has_its_outcome(installation):
    totals = installation.answer_key()["totals"]
    found = installation.rows(
        "bi_reader",
        "select record_kind, sum(record_count)::int as count, sum(record_amount) as amount"
        " from marts.mart_file_outcome where record_kind <> 'none' group by 1",
    )
    counted = {row["record_kind"]: (row["count"], row["amount"]) for row in found}
    expected = {
        kind: (total["count"], Decimal(total["amount"]))
        for kind, total in totals.items()
        if total["count"]
    }
    # The key counts each file that lies there; the one sent twice is received once.
    for error in installation.answer_key()["planted_errors"]:
        if error["kind"] == "duplicate_file":
            count, amount = expected[error["record_kind"]]
            amount -= Decimal(error["amount"])
            expected[error["record_kind"]] = (count - error["record_count"], amount)
    assert counted == expected


@pytest.mark.promise("A second run over the same evidence proposes nothing and posts nothing.")
def test_a_second_run_proposes_nothing_and_posts_nothing(installation):
    before = installation.rows("auditor", RECORDED)
    done = installation.tieout("run", "--claims", "300")
    assert done.returncode == 0, done.stdout + done.stderr
    assert installation.rows("auditor", RECORDED) == before


@pytest.mark.promise(
    "Every ERP line is traced to masked segments of archived files that add up to it."
)
def test_a_document_is_traced_to_masked_segments_that_add_up(installation):
    (row,) = installation.rows(
        "auditor",
        "select d.document_number, e.entity_code from ledger.erp_document d"
        " join ledger.entry e using (entry_id) order by e.line_count desc, e.entry_id limit 1",
    )
    reference = f"{row['entity_code']}:{row['document_number']}"
    (document,) = installation.json("trace", reference)["documents"]
    assert document["matches"] is True
    for line in document["lines"]:
        amount = Decimal(line["debit_amount"]) - Decimal(line["credit_amount"])
        assert amount == Decimal(line["events_amount"])
        assert Decimal(line["difference"]) == 0
        assert all(event["excerpt"] for event in line["events"] if event["file"])


@pytest.mark.promise("A claim is traced to its balance without naming a patient.")
def test_a_claim_is_traced_to_its_balance_without_naming_anybody(installation):
    key = installation.answer_key()
    account = next(
        number for number, row in key["receivables"].items() if Decimal(row["payer"]) > 0
    )
    done = installation.tieout("trace", account, "--json")
    claim = json.loads(done.stdout)["claim"]
    assert Decimal(claim["balances"]["1110"]) == Decimal(key["receivables"][account]["payer"])
    assert account not in done.stdout
    assert not any(canary in done.stdout for canary in key["canaries"])


@pytest.mark.promise("No patient is named in a log.")
def test_no_patient_is_named_in_logs_or_in_dagster(installation):
    canaries = [canary.encode() for canary in installation.answer_key()["canaries"]]
    logs = [path for path in (installation.home / "logs").rglob("*") if path.is_file()]
    assert logs
    for path in logs:
        assert not any(canary in path.read_bytes() for canary in canaries), path.name


@pytest.mark.promise(
    "`tieout prove` works out every tie-out again from the archived bytes to the ERP, and all hold."
)
@pytest.mark.promise(
    "One changed byte in the archive fails the proof of the archive, and no other."
)
def test_prove_holds_and_a_changed_byte_in_the_archive_fails_t1(installation):
    proof = installation.tieout("prove", "--json")
    found = json.loads(proof.stdout)
    assert proof.returncode == 0, [one for one in found["tie_outs"] if not one["holds"]]
    assert {one["id"] for one in found["tie_outs"]} == {f"T{n}" for n in range(1, 16)}
    assert found["left_out"] == []
    (row,) = installation.rows(
        "auditor", "select sha256 from ops.received_file where kind = 'x12' order by 1 limit 1"
    )
    (archived,) = (installation.home / "archive").rglob(row["sha256"])
    original, mode = archived.read_bytes(), archived.stat().st_mode
    archived.chmod(0o600)
    archived.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    try:
        tampered = installation.tieout("prove", "--quick", "--json")
    finally:
        archived.write_bytes(original)
        archived.chmod(mode)
    failed = {one["id"] for one in json.loads(tampered.stdout)["tie_outs"] if not one["holds"]}
    assert (tampered.returncode, failed) == (1, {"T1"})


@pytest.mark.promise("What waits for a person is signed by one, and the next run posts it.")
def test_a_person_signs_what_waits_and_the_next_run_posts_it(installation):
    waiting = installation.json("approve", "--list")["waiting"]
    assert {entry["entity_code"] for entry in waiting} <= {"NLH", "NPG"}
    assert waiting
    signed = installation.tieout("approve", *(str(entry["entry_id"]) for entry in waiting))
    assert signed.returncode == 0, signed.stdout + signed.stderr
    done = installation.tieout("run", "--claims", "300")
    assert done.returncode == 0, done.stdout + done.stderr
    found = installation.rows(
        "auditor", "select sum(waiting_amount) as waiting from marts.mart_ledger_reconciliation"
        " where account = '2125'",
    )  # fmt: skip
    assert found == [{"waiting": Decimal("0.00")}]


@pytest.mark.promise("`tieout status` says the same to people and to scripts.")
@pytest.mark.promise("No password shows in `tieout status`.")
def test_status_says_the_same_to_people_and_to_scripts(installation):
    facts, text = installation.json("status"), installation.tieout("status").stdout
    assert facts["build"]["passes"] is True
    assert facts["build"]["build_id"] in text
    password = next(
        line.partition("=")[2]
        for line in (installation.home / "secrets.env").read_text().splitlines()
        if line.startswith("TIEOUT_PASSWORD_BI_READER=")
    )
    assert password not in text


@pytest.mark.promise("Nothing of the installation runs once a command has ended.")
def test_nothing_of_the_installation_runs_once_a_command_has_ended(installation):
    assert installation.tieout("status").returncode == 0
    home = str(installation.home)
    left = [
        one.info["name"]
        for one in psutil.process_iter(["name", "cmdline"])
        if any(home in part for part in one.info["cmdline"] or ())
    ]
    assert left == []


@pytest.mark.promise(
    "One person asks for a write-off or a manual entry, others decide and sign, then it posts."
)
@pytest.mark.promise(
    "A request beyond its balance, without its letter or with a wrong line is refused."
)
@pytest.mark.promise("A manual entry is traced both ways between its request and its ERP document.")
@pytest.mark.promise("Every tie-out holds over what people decided.")
def test_two_people_write_a_balance_off_and_book_an_entry_and_both_are_posted(
    installation, tmp_path
):
    asked = ask_for_charity(installation)
    assert asked.returncode == 0, asked.stderr
    much = ask_for_charity(installation, "9999999.00")
    assert (much.returncode, "EXCEEDS" in much.stderr) == (1, True)
    letter = ask_for_an_entry(installation, tmp_path)
    assert installation.tieout("request", "approve", "1", "--as", "biller").returncode == 1
    assert installation.tieout("request", "approve", "1", "--as", "controller").returncode == 0
    # What was refused has taken numbers: the entry's own is looked up.
    query = "select request_id from ledger.request where event = 'request.entry'"
    (entry,) = (str(one["request_id"]) for one in installation.rows("auditor", query))
    assert installation.tieout("request", "approve", entry, "--as", "manager").returncode == 0
    back = installation.tieout("request", "attachment", entry, "--to", str(tmp_path / "back.txt"))
    assert back.returncode == 0, back.stderr
    assert (tmp_path / "back.txt").read_bytes() == letter.read_bytes()
    installation.tieout("run", "--claims", "300")
    waiting = installation.json("approve", "--list")["waiting"]
    classes = {entry["approval_class"]: entry for entry in waiting}
    assert set(classes) == {"maker-checker+threshold", "manual"}
    charity, manual = classes["maker-checker+threshold"], classes["manual"]
    assert {line["account"] for line in charity["lines"]} == {"1120", "4540"}
    assert {line["account"] for line in manual["lines"]} == {"1120", "6230"}
    numbers = [str(entry["entry_id"]) for entry in waiting]
    signed = installation.tieout("approve", *numbers, "--as", "manager")
    assert signed.returncode == 0, signed.stderr
    done = installation.tieout("run", "--claims", "300")
    assert done.returncode == 0, done.stdout
    proof = installation.tieout("prove", "--json")
    assert proof.returncode == 0, [
        one for one in json.loads(proof.stdout)["tie_outs"] if not one["holds"]
    ]
    leads_both_ways(installation, int(entry), manual["entry_id"])


def ask_for_charity(installation, amount="10.00"):
    (owing,) = installation.rows(
        "auditor",
        "select entity_code, account_key, sum(signed_amount) as amount from marts.fct_ledger_line"
        " where account = '1120' group by 1, 2 order by 3 desc limit 1",
    )
    options = ("--entity", owing["entity_code"], "--subject", owing["account_key"])
    reason = ("--reason", "assistance form of October, complete")
    return installation.tieout(
        "request", "ask", "charity.approved", *options, "--amount", amount, *reason
    )


def ask_for_an_entry(installation, folder):
    """Ask for 7.00 of a fee that a patient account bears, with a letter; return the letter."""
    (owing,) = installation.rows(
        "auditor",
        "select account_key, sum(signed_amount) as amount from marts.fct_ledger_line"
        " where account = '1120' and entity_code = 'NLH' group by 1 order by 2 desc limit 1",
    )
    lines, letter = folder / "lines.csv", folder / "letter.txt"
    letter.write_text("the bank's letter, and in it a name")
    options = (
        "request", "entry", "--entity", "NLH", "--date", "2026-10-15", "--lines", str(lines),
        "--reason-code", "RECLASS", "--reason", "a returned cheque's fee, by the bank's letter",
    )  # fmt: skip
    lines.write_text("account,debit,credit,key\n1120,7.00,,\n6230,,7.00,fee-1\n")
    refused = installation.tieout(*options, "--attachment", str(letter))
    assert (refused.returncode, "KEY" in refused.stderr) == (1, True)
    lines.write_text(
        f"account,debit,credit,key\n1120,7.00,,{owing['account_key']}\n6230,,7.00,fee-1\n"
    )
    assert "ATTACHMENT" in installation.tieout(*options).stderr
    asked = installation.tieout(*options, "--attachment", str(letter))
    assert asked.returncode == 0, asked.stderr
    return letter


def leads_both_ways(installation, request_id, entry_id):
    (request,) = installation.json("trace", f"request:{request_id}")["requests"]
    assert [act["limit_id"] for act in request["acts"]] == ["manual-approver"]
    (effect,) = request["effects"]
    assert (effect["entry_id"], effect["state"]) == (entry_id, "posted")
    (document,) = installation.json("trace", f"NLH:{effect['document_number']}")["documents"]
    assert [one["request_id"] for one in document["requests"]] == [request_id]
    for name in (f"entry:{entry_id}", f"event:{effect['event_id']}", f"request:{request_id}"):
        shown = installation.tieout("trace", name)
        assert "asked by" in shown.stdout, shown.stderr
    listed = installation.json("audit", "entries", "--criteria", "manual")
    assert [one["entry_id"] for one in listed["tests"][0]["entries"]] == [entry_id]


@pytest.mark.promise(
    "Rules are tried out before they are released: unchanged ones show no journal difference."
)
def test_changed_rules_show_their_journal_difference_and_unchanged_ones_none(installation):
    found = installation.json("policy", "what-if")
    assert found["differences"] == []
    assert all(one["wait"] == 0 for one in found["signatures"])


@pytest.mark.promise(
    "Rules are released by others than their author, and nobody approves an own release."
)
@pytest.mark.promise(
    "Every document names the rules and the code by which it was made, with author and approver."
)
def test_three_logins_release_the_rules_and_every_entry_names_them(installation):
    before = installation.json("audit", "releases")
    assert {one["finding"] for one in before["made"]} == {"UNRELEASED"}
    reason = ("--reason", "the rules of this distribution")
    asked = installation.tieout("policy", "release", "ask", "--login", "manager", *reason)
    assert asked.returncode == 0, asked.stderr
    own = installation.tieout("policy", "release", "approve", "1", "--login", "manager")
    assert (own.returncode, "SELF_APPROVAL" in own.stderr) == (1, True)
    assert installation.tieout("policy", "release", "approve", "1").returncode == 0
    (made,) = installation.json("audit", "releases")["made"]
    assert (made["finding"], made["entries"]) == ("", before["made"][0]["entries"])
    (document,) = installation.rows(
        "auditor", "select document_number, entity_code from ledger.erp_document"
        " join ledger.entry using (entry_id) order by entry_id limit 1",
    )  # fmt: skip
    name = f"{document['entity_code']}:{document['document_number']}"
    shown = installation.tieout("trace", name).stdout
    assert f"rules {made['rule_set_hash'][:12]}, code {made['code_hash'][:12]}" in shown
    assert f"written by {made['author']}, approved by {made['approver']}" in shown


@pytest.mark.promise(
    "The auditor's pack of a month carries every tie-out and verifies itself offline."
)
def test_the_auditors_pack_of_a_month_verifies_itself(installation, tmp_path):
    pack = tmp_path / "pack"
    words = ("evidence", "--period", "2026-10", "--out", str(pack), "--prove")
    made = installation.tieout(*words)
    assert made.returncode == 0, made.stdout + made.stderr
    verified = installation.tieout("evidence", "verify", str(pack))
    assert verified.returncode == 0, verified.stdout
    assert "all tie-outs were worked out" in verified.stdout
    assert "\nT15,NLH," in (pack / "tie_outs" / "tie_outs.csv").read_text()


@pytest.mark.promise(
    "Estimates are signed by two others and posted; the ERP's allowances are what they require."
)
@pytest.mark.promise("Every tie-out holds over estimates.")
def test_estimates_are_prepared_signed_by_two_others_and_posted(installation):
    prepared = installation.tieout("estimate", "run", "--minimum", "10")
    assert prepared.returncode == 0, prepared.stderr
    runs = installation.json("estimate", "list")
    assert {"JR24", "JR45", "JR46", "JR59"} == {run["rule"] for run in runs}
    shown = installation.tieout("estimate", "show", str(runs[0]["run_id"]))
    assert "rates a tenth higher" in shown.stdout, shown.stderr
    installation.tieout("run", "--claims", "300")
    waiting = installation.json("approve", "--list")["waiting"]
    numbers = [
        str(one["entry_id"])
        for one in waiting
        if one["approval_class"] == "close-preparer+approver"
    ]
    assert numbers
    for person in ("controller", "manager"):
        signed = installation.tieout("approve", *numbers, "--as", person)
        assert signed.returncode == 0, signed.stdout + signed.stderr
    done = installation.tieout("run", "--claims", "300")
    assert done.returncode == 0, done.stdout + done.stderr
    required = {one["rule"]: Decimal(0) for one in runs}
    for one in runs:
        required[one["rule"]] += Decimal(one["required_amount"])
    allowances = {"1192": "JR24", "1191": "JR45", "1190": "JR46"}
    found = installation.rows(
        "auditor", "select account, sum(erp_balance_amount) as erp"
        " from marts.mart_ledger_reconciliation where account like '119%' group by account",
    )  # fmt: skip
    assert {allowances[row["account"]]: -row["erp"] for row in found if row["erp"]} == {
        rule: amount for rule, amount in required.items() if rule != "JR59" and amount
    }
    proof = installation.tieout("prove", "--json")
    assert proof.returncode == 0, [
        one for one in json.loads(proof.stdout)["tie_outs"] if not one["holds"]
    ]
