"""Confirmations and rejections of journal files: taken when they fit, told when they do not."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.ledger.erp import POSTED, ErpRejected, ErpUnknown, Reason, compare
from resources.erp.journal_file_answers import REASONS, Rule, in_ascii
from resources.erp.journal_file_entry import controlled, name_of
from tests.fixtures.erp.journal_file import JournalFileHarness

pytestmark = pytest.mark.promise(
    "A confirmation of a journal file counts only when it fits; all else is reported"
)

HEAD = "key,document_number,posting_date,lines,debit_total,credit_total,sha256\n"
NO = "key,reason,text\n"


@pytest.fixture
def files(tmp_path):
    """Return folders of this test's own with their person."""
    return JournalFileHarness(tmp_path)


@pytest.fixture
def entry(files, make_entry):
    """Return an entry whose file is written and waits for its person."""
    made = make_entry()
    with pytest.raises(ErpUnknown):
        files.ledger().post(made)
    return made


def row(files, entry, number="GJ-1", **other):
    """Return the row of a confirmation, with something else in it if asked for."""
    path = files.folder(entry.entity, "written") / f"{entry.key}.control.csv"
    said = controlled(path.read_bytes())
    values = {
        "key": entry.key, "number": number, "day": entry.accounting_date.isoformat(),
        "lines": str(said.lines), "debit": f"{said.debit:.2f}", "credit": f"{said.credit:.2f}",
        "sha256": said.sha256, **other,
    }  # fmt: skip
    return ",".join(values.values()) + "\n"


def accept(files, text, name="answer.csv", entity="NLH"):
    path = files.folder(entity, "accepted") / name
    path.write_text(text)
    return path


def reject(files, text, name="answer.csv"):
    path = files.folder("NLH", "rejected") / name
    path.write_text(text)
    return path


def told(files, entity="NLH"):
    return [one.rule for one in files.ledger().mismatches(entity)]


def refused(files, entry):
    """Say why neither reading nor posting takes the answers that lie there."""
    with pytest.raises(ErpUnknown) as read:
        files.ledger().find(entry.entity, entry.key)
    with pytest.raises(ErpUnknown) as posted:
        files.ledger().post(entry)
    assert str(read.value) == str(posted.value)
    assert entry.key not in str(read.value)
    assert read.value.reason_code == Reason.MISMATCH
    return str(read.value)


def test_a_confirmation_makes_the_file_a_posted_document(files, entry):
    accept(files, HEAD + row(files, entry, "GJ-000017"))
    document = files.ledger().post(entry)
    assert (document.number, document.state) == ("GJ-000017", POSTED)
    assert document.reference == f"{name_of(entry)}.csv"
    assert compare(entry, document) == []
    assert told(files) == []


def test_one_file_may_confirm_many(files, entry, make_entry):
    other = make_entry()
    with pytest.raises(ErpUnknown):
        files.ledger().post(other)
    accept(files, HEAD + row(files, entry, "A") + row(files, other, "B"))
    assert [files.ledger().find("NLH", one.key).number for one in (entry, other)] == ["A", "B"]


def test_a_confirmation_as_a_spreadsheet_saves_it_is_read(files, entry):
    text = "\ufeff" + HEAD + row(files, entry)
    accept(files, "").write_bytes(text.replace("\n", "\r\n").encode())
    assert files.ledger().find("NLH", entry.key).state == POSTED


def test_the_same_confirmation_laid_twice_counts_once(files, entry):
    accept(files, HEAD + row(files, entry))
    accept(files, HEAD + row(files, entry), "copy of answer.csv")
    assert files.ledger().find("NLH", entry.key).state == POSTED
    assert told(files) == []


def test_another_posting_date_shows_in_the_comparison(files, entry):
    later = (entry.accounting_date + timedelta(days=1)).isoformat()
    accept(files, HEAD + row(files, entry, day=later))
    assert compare(entry, files.ledger().post(entry)) == ["accounting date"]


@pytest.mark.parametrize(
    "other",
    [{"lines": "5"}, {"debit": "160.51"}, {"credit": "160.49"}, {"sha256": "0" * 64}],
    ids=str,
)
def test_a_confirmation_with_other_totals_is_told_and_not_taken(files, entry, other):
    accept(files, HEAD + row(files, entry, **other))
    assert Rule.TOTALS in refused(files, entry)
    assert told(files) == [Rule.TOTALS]


def test_a_right_confirmation_beside_a_wrong_one_is_not_taken_either(files, entry):
    accept(files, HEAD + row(files, entry))
    accept(files, HEAD + row(files, entry, debit="1.00"), "second.csv")
    assert Rule.TOTALS in refused(files, entry)


def test_two_confirmations_with_different_numbers_are_told_and_not_taken(files, entry):
    accept(files, HEAD + row(files, entry, "GJ-1"))
    assert files.ledger().find("NLH", entry.key).state == POSTED
    accept(files, HEAD + row(files, entry, "GJ-2"), "second.csv")
    assert Rule.TWICE in refused(files, entry)
    assert told(files) == [Rule.TWICE]


def test_two_numbers_in_one_file_are_told_too(files, entry):
    accept(files, HEAD + row(files, entry, "GJ-1") + row(files, entry, "GJ-2"))
    assert Rule.TWICE in refused(files, entry)


def test_a_confirmation_of_a_key_that_was_never_written_is_told(files, entry, make_entry):
    stranger = make_entry()
    accept(files, HEAD + row(files, entry, key=stranger.key))
    assert Rule.NEVER_WRITTEN in refused(files, stranger)
    assert told(files) == [Rule.NEVER_WRITTEN]
    assert not list(files.folder("NLH", "outgoing").glob(f"*{stranger.key}*"))
    assert files.ledger().find("NLH", entry.key).state == "created"


def test_a_rejection_of_a_key_that_was_never_written_is_told(files, make_entry):
    stranger = make_entry()
    reject(files, f"{NO}{stranger.key},PERIOD_CLOSED,\n")
    assert Rule.NEVER_WRITTEN in refused(files, stranger)


def test_a_confirmation_in_another_entitys_folder_confirms_nothing(files, entry):
    accept(files, HEAD + row(files, entry), entity="NPG")
    assert files.ledger().find("NLH", entry.key).state == "created"
    assert told(files, "NPG") == [Rule.NEVER_WRITTEN]


def test_a_mismatch_of_any_key_makes_balances_and_lines_unknown(files, entry):
    accept(files, HEAD + row(files, entry) + row(files, entry, key="never-written"))
    ledger = files.ledger()
    for question in (
        lambda: ledger.balances("NLH", date(2026, 12, 31)),
        lambda: ledger.lines_on("NLH", ["1110"], date(2026, 1, 1)),
    ):
        with pytest.raises(ErpUnknown) as doubt:
            question()
        assert doubt.value.reason_code == Reason.MISMATCH


def test_what_waits_is_in_no_balance(files, entry):
    assert files.ledger().balances("NLH", date(2026, 12, 31)) == {}
    accept(files, HEAD + row(files, entry))
    found = files.ledger().balances("NLH", date(2026, 12, 31))
    assert found == {"1110": Decimal("160.50"), "4010": Decimal("-160.50")}


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_rejection_is_told_by_its_word_and_the_file_is_taken_away(files, entry, reason):
    reject(files, f'{NO}{entry.key},{reason},"whatever the ERP said"\n')
    with pytest.raises(ErpRejected) as refusal:
        files.ledger().post(entry)
    assert refusal.value.reason_code == reason
    assert "whatever" not in str(refusal.value)
    assert list(files.folder("NLH", "outgoing").iterdir()) == []
    assert files.ledger().find("NLH", entry.key) is None
    with pytest.raises(ErpRejected):
        files.ledger().post(entry)
    assert told(files) == []


def test_a_period_that_closed_after_writing_is_rejected_by_the_person(files, entry):
    files.companies["NLH"].closed.add(entry.accounting_date.replace(day=1))
    files.run_batch()
    with pytest.raises(ErpRejected) as refusal:
        files.ledger().post(entry)
    assert refusal.value.reason_code == Reason.PERIOD_CLOSED
    assert files.documents("NLH", entry.key) == 0


def test_a_key_that_is_confirmed_and_rejected_is_told(files, entry):
    accept(files, HEAD + row(files, entry))
    reject(files, f"{NO}{entry.key},OTHER,\n")
    assert Rule.BOTH in refused(files, entry)
    assert told(files) == [Rule.BOTH]


@pytest.mark.parametrize("reason", ["", "period_closed", "PERIOD_CLO", "THROTTLED", "because"])
def test_a_rejection_for_no_documented_reason_is_not_taken(files, entry, reason):
    reject(files, f"{NO}{entry.key},{reason},\n")
    assert files.ledger().find("NLH", entry.key).state == "created"
    assert told(files) == [Rule.UNREADABLE]


def test_no_beginning_of_a_confirmation_is_taken_for_the_whole(files, entry, make_entry):
    """Half copied, cut at every byte: either it counts for nothing yet, or whole rows of it do."""
    other = make_entry()
    with pytest.raises(ErpUnknown):
        files.ledger().post(other)
    whole = HEAD + row(files, entry, "GJ-1") + row(files, other, "GJ-2")
    ends = {len(HEAD): set(), len(HEAD + row(files, entry, "GJ-1")): {"GJ-1"}}
    ledger = files.ledger()  # the same client all the time: nothing half read is remembered
    for cut in range(len(whole)):
        accept(files, whole[:cut])
        found = [ledger.find("NLH", one.key) for one in (entry, other)]
        assert {one.number for one in found if one.state == POSTED} == ends.get(cut, set())
    accept(files, whole)
    assert [ledger.find("NLH", one.key).number for one in (entry, other)] == ["GJ-1", "GJ-2"]


def test_an_answer_that_cannot_be_read_is_the_reason_why_an_entry_waits(files, entry):
    path = accept(files, HEAD + row(files, entry)[:-20])
    with pytest.raises(ErpUnknown) as doubt:
        files.ledger().post(entry)
    assert doubt.value.reason_code == Reason.UNREADABLE_ANSWER
    assert [(one.rule, one.name) for one in files.ledger().mismatches("NLH")] == [
        (Rule.UNREADABLE, path.name)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "key;document_number\n",
        HEAD.replace("key", "Key"),
        HEAD + "a,b\n",
        HEAD + "../x,GJ-1,2026-05-09,4,160.50,160.50," + "0" * 64 + "\n",
        HEAD + "a,,2026-05-09,4,160.50,160.50," + "0" * 64 + "\n",
        HEAD + "a,GJ-1,09.05.2026,4,160.50,160.50," + "0" * 64 + "\n",
        HEAD + "a,GJ-1,2026-05-09,4,160.5,160.50," + "0" * 64 + "\n",
        HEAD + 'a,GJ-1,2026-05-09,4,"160,50",160.50,' + "0" * 64 + "\n",
        HEAD + "a,GJ-1,2026-05-09,4,1e2,160.50," + "0" * 64 + "\n",
        HEAD + "a,GJ-1,2026-05-09,four,160.50,160.50," + "0" * 64 + "\n",
        HEAD + "a,GJ-1,2026-05-09,4,160.50,160.50," + "0" * 63 + "\n",
        HEAD + 'a,"GJ-1,2026-05-09,4,160.50,160.50,' + "0" * 64 + "\n",
    ],
)
def test_an_answer_of_another_form_is_told(files, text):
    accept(files, text)
    assert told(files) == [Rule.UNREADABLE]


def test_bytes_that_are_no_text_are_told(files):
    accept(files, "").write_bytes(HEAD.encode() + b"\xff\xfe\n")
    assert told(files) == [Rule.UNREADABLE]


def test_notes_and_copies_under_way_beside_the_answers_are_passed_over(files, entry):
    for name in (".answer.csv", "answer.csv.filepart", "~$answer.xlsx", "desktop.ini"):
        accept(files, "half a fi", name)
    assert told(files) == []
    with pytest.raises(ErpUnknown) as waiting:
        files.ledger().post(entry)
    assert waiting.value.reason_code == Reason.AWAITING_POST


def test_an_offered_file_that_somebody_changed_is_told(files, entry):
    path = files.folder("NLH", "outgoing") / f"{name_of(entry)}.csv"
    path.write_text(path.read_text().replace("80.25", "80.52"))
    accept(files, HEAD + row(files, entry))
    assert Rule.CHANGED in refused(files, entry)
    assert told(files) == [Rule.CHANGED]


@pytest.mark.parametrize("end", [".csv", ".control.csv"])
def test_a_record_that_somebody_changed_is_told(files, entry, end):
    path = files.folder("NLH", "written") / f"{entry.key}{end}"
    path.write_text(path.read_text().replace("80.25", "80.52").replace("160.50", "160.51"))
    assert Rule.CHANGED in refused(files, entry)
    path.write_text("")
    assert Rule.CHANGED in refused(files, entry)


def test_an_offered_file_whose_record_is_gone_is_told_and_not_written_again(files, entry):
    for path in files.folder("NLH", "written").iterdir():
        path.unlink()
    assert Rule.RECORD_LOST in refused(files, entry)
    assert set(told(files)) == {Rule.RECORD_LOST}


def test_a_file_under_another_key_in_the_record_is_told(files, entry):
    folder = files.folder("NLH", "written")
    (folder / f"{entry.key}.csv").rename(folder / "another-key.csv")
    assert Rule.CHANGED in refused(files, replace(entry, key="another-key"))


def test_a_stray_name_in_the_record_is_told(files):
    files.folder("NLH", "written").mkdir()
    (files.folder("NLH", "written") / "Note to self.csv").write_text("")
    assert [(one.rule, one.name) for one in files.ledger().mismatches("NLH")] == [
        (Rule.CHANGED, "Note to self")
    ]


def test_names_of_files_are_shown_in_ascii_whatever_they_are_made_of():
    assert in_ascii("b\udcffe.csv") == "b\\udcffe.csv"
    assert in_ascii("ä\n\x1b.csv") == "\\xe4\\n\\x1b.csv"
