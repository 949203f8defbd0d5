"""The files of the journal-file adapter: their form, their names, and the lists of accounting."""

import csv
import hashlib
import io
import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.governance.erp_segments import read_erp_segments
from billing.governance.group import read_group
from billing.ledger.capabilities import Idempotency
from billing.ledger.erp import (
    ErpBusy,
    ErpRejected,
    ErpUnknown,
    JournalEntry,
    JournalLine,
    Reason,
    compare,
)
from billing.ledger.rules import read_chart
from billing.ledger.segments import EntitySegments, SegmentMap
from resources.environment import InvalidSettingError
from resources.erp import journal_file_lists as lists
from resources.erp.journal_file_entry import (
    COLUMNS,
    name_of,
    parsed,
    renamed,
    rendered,
    totals_of,
)
from resources.erp.journal_file_folder import entered
from resources.erp.journal_file_settings import JournalFileSettings, LineEnd
from resources.erp.journal_file_text import UnreadableFileError, armed, disarmed, rows_of, table
from resources.erp.journal_file_writing import check
from sandbox.erp.uploader import UploadError
from tests.fixtures.erp.harness import stub_companies
from tests.fixtures.erp.journal_file import DIMENSIONS as OWN_NAMES
from tests.fixtures.erp.journal_file import JournalFileHarness

pytestmark = pytest.mark.promise(
    "A journal file carries its entry exactly, with control sums and no formula",
    "A journal file is written once per key, and never touched again",
    "Lists of accounting are read by their form or refused by their rule",
)

ROOT = Path(__file__).parents[2]
GOVERNANCE, CHART = ROOT / "governance", ROOT / "dbt_project" / "seeds" / "chart_of_accounts.csv"
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
TEXTS = {"key", "entity", "entry_description", "account", "line_description", "facility",
         "payer_class"}  # fmt: skip
NUMBERS = {"entry_number", "line_number", "debit", "credit", "accounting_date"}
CARRIED = ("facility", "payer_class")


@pytest.fixture
def files(tmp_path):
    """Return folders of this test's own with their person."""
    return JournalFileHarness(tmp_path)


def write(files, entry):
    """Have the file of an entry written and return its path."""
    with pytest.raises(ErpUnknown) as waiting:
        files.ledger().post(entry)
    assert waiting.value.reason_code == Reason.AWAITING_POST
    return files.folder(entry.entity, "outgoing") / f"{name_of(entry)}.csv"


def lay(files, name, text, entity="NLH"):
    (files.folder(entity, "lists") / name).write_text(text)


one_line_texts = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")), max_size=20
) | st.sampled_from(["=1+1", "+A1", "-2", "@SUM(A1)", "'quoted", "''", 'a "b", c', "x,y"])
any_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
cents = st.integers(1, 10**14).map(lambda n: Decimal(n) / 100)


@st.composite
def entries(draw):
    """Make balanced entries with texts of every kind, also in names that ought to be plain."""
    lines = []
    for amount in draw(st.lists(cents, min_size=1, max_size=4)):
        for debit, credit in ((amount, Decimal(0)), (Decimal(0), amount)):
            account = draw(one_line_texts.filter(bool))
            lines.append(
                JournalLine(
                    len(lines) + 1, account, debit, credit,
                    draw(one_line_texts), draw(one_line_texts), draw(one_line_texts),
                )
            )  # fmt: skip
    number, day = draw(st.integers(1, 10**10)), draw(st.dates(date(2000, 1, 1)))
    description = draw(one_line_texts)
    return JournalEntry("NLH", "key-1", number, day, description, tuple(lines))


@given(entries(), st.sampled_from(LineEnd))
def test_an_entry_comes_back_from_its_file_as_it_was(entry, line_end):
    content = rendered(entry, line_end.value)
    assert parsed(content) == entry
    assert rendered(parsed(content), line_end.value) == content


@given(entries())
def test_no_text_of_a_file_is_a_formula_and_no_number_is_touched(entry):
    rows = list(csv.DictReader(io.StringIO(rendered(entry, "\n").decode(), newline="")))
    assert set(rows[0]) == TEXTS | NUMBERS == set(COLUMNS)
    for row, line in zip(rows, entry.lines, strict=True):
        assert not any(row[name].startswith(FORMULAS) for name in TEXTS)
        assert (Decimal(row["debit"]), Decimal(row["credit"])) == (line.debit, line.credit)
        assert not any("'" in row[name] for name in NUMBERS)


@given(any_texts)
def test_disarming_a_text_is_undone_exactly(text):
    assert armed(disarmed(text)) == text
    assert not disarmed(text).startswith((*FORMULAS, "\n"))


@given(any_texts, any_texts)
def test_two_texts_never_look_the_same_once_disarmed(one, other):
    assert (disarmed(one) == disarmed(other)) == (one == other)


@given(st.lists(st.lists(any_texts, min_size=2, max_size=2).filter(any), max_size=5))
def test_any_values_are_quoted_as_the_rfc_has_it(rows):
    for line_end in ("\n", "\r\n"):
        content = table(("a", "b"), rows, line_end)
        assert [list(row.values()) for row in rows_of(content, ("a", "b"))] == rows


def test_a_negative_amount_is_no_formula():
    """A trial balance has them: the sign of a number is left alone where it is read, too."""
    assert lists.cents_of("-12.50") == Decimal("-12.50")


def test_the_bytes_of_a_file_are_these(files):
    value, nothing = Decimal("1234.50"), Decimal(0)
    lines = (
        JournalLine(1, "1110", value, nothing, "=HYPERLINK(1)", "EAST", "medicare"),
        JournalLine(2, "4010", nothing, value, 'said "yes", then no', "", ""),
    )
    path = write(files, JournalEntry("NLH", "ab12", 42, date(2026, 5, 9), "Tieout, 42", lines))
    assert path.name == "0000000042_ab12.csv"
    assert path.read_bytes().decode() == (
        "key,entry_number,entity,accounting_date,entry_description,line_number,account,debit,"
        "credit,line_description,facility,payer_class\n"
        'ab12,42,NLH,2026-05-09,"Tieout, 42",1,11100,1234.50,0.00,\'=HYPERLINK(1),200,MC\n'
        'ab12,42,NLH,2026-05-09,"Tieout, 42",2,4010,0.00,1234.50,"said ""yes"", then no",,\n'
    )


def test_the_control_file_states_lines_sums_and_the_hash_of_the_bytes(files, make_entry):
    path = write(files, make_entry())
    said = path.with_name(f"{path.stem}.control.csv").read_text().splitlines()[1]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert said.split(",") == [
        path.name, path.stem.partition("_")[2], "4", "160.50", "160.50", digest,
    ]  # fmt: skip


def test_lines_end_as_the_setting_says(tmp_path, make_entry):
    files = JournalFileHarness(tmp_path, LineEnd.CRLF)
    entry = make_entry()
    content = write(files, entry).read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == len(entry.lines) + 1
    files.run_batch()
    assert compare(entry, files.ledger().post(entry)) == []


def test_another_line_end_later_leaves_old_files_readable(tmp_path, make_entry):
    entry = make_entry()
    write(JournalFileHarness(tmp_path, LineEnd.CRLF), entry)
    files = JournalFileHarness(tmp_path, LineEnd.LF)
    files.run_batch()
    assert compare(entry, files.ledger().post(entry)) == []


def test_a_written_file_is_never_touched_again(files, make_entry):
    entry = make_entry()
    path = write(files, entry)
    before = (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
    write(files, entry)
    write(files, replace(make_entry(amount="1.00"), key=entry.key, entry_no=entry.entry_no))
    assert (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) == before


def test_a_key_gets_one_file_under_whatever_number_it_comes_again(files, make_entry):
    entry = make_entry()
    path = write(files, entry)
    with pytest.raises(ErpUnknown):
        files.ledger().post(replace(entry, entry_no=entry.entry_no + 1))
    assert [one.name for one in path.parent.glob("*[0-9a-f].csv")] == [path.name]


def test_a_file_that_was_moved_away_for_the_upload_is_not_written_again(files, make_entry):
    entry = make_entry()
    path = write(files, entry)
    path.unlink()
    with pytest.raises(ErpUnknown) as waiting:
        files.ledger().post(entry)
    assert waiting.value.reason_code == Reason.AWAITING_POST
    assert not path.exists()


def test_a_created_file_reads_back_line_by_line_and_without_a_number(files, make_entry):
    entry = make_entry()
    write(files, entry)
    document = files.ledger().find("NLH", entry.key)
    assert compare(entry, document) == ["the document is not posted"]
    assert (document.state, document.number) == ("created", "")


def test_a_dimension_that_the_import_has_no_column_for_stays_empty(tmp_path, make_entry):
    files = JournalFileHarness(tmp_path)
    settings = replace(files.settings, dimensions=("facility",))
    theirs = renamed(
        replace(make_entry(), lines=tuple(
            replace(line, facility="EAST", payer_class="moon") for line in make_entry().lines
        )),
        settings.segments, settings.dimensions,
    )  # fmt: skip
    assert {(line.facility, line.payer_class) for line in theirs.lines} == {("200", "")}


def test_every_name_of_the_shipped_segments_goes_out_and_comes_back(tmp_path, make_entry):
    group = read_group((GOVERNANCE / "entities.yaml").read_text())
    chart = read_chart(CHART.read_text())
    shipped = read_erp_segments((GOVERNANCE / "erp_segments.yaml").read_text(), group, chart)
    names = shipped.entities["NPG"]
    pairs = list(itertools.product(names.facility, names.payer_class))
    head = make_entry("NPG").lines[:2]
    lines = tuple(
        replace(head[n % 2], line_no=n + 1, facility=facility, payer_class=payer_class)
        for n, (facility, payer_class) in enumerate(pairs)
    )
    entry = replace(make_entry("NPG"), lines=lines)
    files = JournalFileHarness(
        tmp_path, segments=shipped, companies=stub_companies(OWN_NAMES, shipped)
    )
    write(files, entry)
    files.run_batch()
    assert files.ledger().post(entry).lines == entry.lines


def test_more_lines_than_the_setting_allows_are_refused(files, make_entry):
    with entered(files.root, "NLH") as folders:
        found = lists.read_lists(folders.lists, "NLH")
    theirs = renamed(make_entry(), files.segments, CARRIED)
    check(theirs, found, max_lines=4)
    with pytest.raises(ErpRejected) as refusal:
        check(theirs, found, max_lines=3)
    assert refusal.value.reason_code == Reason.TOO_LARGE


@pytest.mark.parametrize(
    "key",
    ["../../etc/passwd", "a/b", "..", ".hidden", "A-B", "a b", "a\x00b", "x" * 65, "schlüssel",
     "\udcff", "con.csv", "a_b", "-rf"],
)  # fmt: skip
def test_a_key_that_could_lead_out_of_the_folder_is_refused_and_never_found(files, make_entry, key):
    before = sorted(files.root.rglob("*"))
    entry = make_entry()
    object.__setattr__(entry, "key", key)
    with pytest.raises(ErpRejected):
        files.ledger().post(entry)
    assert files.ledger().find("NLH", key) is None
    assert sorted(files.root.rglob("*")) == before


@pytest.mark.parametrize("entity", ["../NLH", "NLH/..", "nlh", "", "NLH\x00", "/etc", "MOON"])
def test_an_entity_without_a_folder_of_its_own_is_refused(files, make_entry, entity):
    entry = make_entry()
    object.__setattr__(entry, "entity", entity)
    with pytest.raises(ErpRejected) as refusal:
        files.ledger().post(entry)
    assert refusal.value.reason_code == Reason.ACCESS
    with pytest.raises(ErpUnknown):
        files.ledger().find(entity, entry.key)


@pytest.mark.parametrize(
    "entities", [("../x",), ("a/b",), ("",), (".",), ("NLH", "nlh"), ("a b",), ("ä",)]
)
def test_settings_refuse_codes_that_are_no_folder_names(tmp_path, entities):
    with pytest.raises(InvalidSettingError):
        JournalFileSettings(tmp_path, entities)


def test_settings_refuse_a_dimension_that_is_not_ours(tmp_path):
    with pytest.raises(InvalidSettingError, match="payer_class"):
        JournalFileSettings(tmp_path, ("NLH",), dimensions=("colour",))


@pytest.mark.parametrize("name", ["periods.csv", "accounts.csv", "segments.csv"])
def test_without_a_list_nothing_is_written_and_the_list_is_named(files, make_entry, name):
    path = files.folder("NLH", "lists") / name
    kept = path.read_bytes()
    path.unlink()
    entry = make_entry()
    with pytest.raises(ErpBusy, match=f"{name} is missing") as busy:
        files.ledger().post(entry)
    assert busy.value.reason_code == Reason.UNAVAILABLE
    assert files.ledger().find("NLH", entry.key) is None
    path.write_bytes(kept)
    write(files, entry)


@pytest.mark.parametrize("name", ["periods", "accounts", "segments"])
def test_a_question_about_a_missing_list_names_it(files, name):
    (files.folder("NLH", "lists") / f"{name}.csv").unlink()
    with pytest.raises(ErpUnknown, match=f"{name}.csv is missing"):
        getattr(files.ledger(), name)("NLH")


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("periods", "start,end,name\n", "first line must be"),
        ("periods", "start,end,name,is_open\n2026-05-01,2026-05-31,May,maybe\n", "yes or no"),
        ("periods", "start,end,name,is_open\n5/1/2026,5/31/2026,May,yes\n", "2026-05-09"),
        ("periods", "start,end,name,is_open\n2026-05-31,2026-05-01,May,yes\n", "before it starts"),
        ("periods", "start,end,name,is_open\n2026-05-01,2026-05-31,May,yes", "has no end"),
        ("periods", "start,end,name,is_open\n2026-05-01,2026-05-31,May,yes\n"
         "2026-05-31,2026-06-30,June,yes\n", "overlap"),
        ("accounts", "account,is_active\n1110,yes\n1110,no\n", "listed twice"),
        ("accounts", "account,is_active\n1110,yes,\n", "2 values"),
        ("accounts", "account,is_active\n,yes\n", "names are one line"),
        ("accounts", 'account,is_active\n"1110,yes\n', "quoting"),
        ("accounts", "", "has no end"),
        ("segments", "dimension,segment,is_active\ncolour,red,yes\n", "facility, payer_class"),
        ("segments", "dimension,segment,is_active\nfacility,100,yes\nfacility,100,yes\n", "twice"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_of_its_form_is_refused_by_its_rule(files, name, text, rule):
    lay(files, f"{name}.csv", text)
    with pytest.raises(ErpUnknown, match=rule):
        getattr(files.ledger(), name)("NLH")


def test_a_list_that_is_not_utf_8_is_refused(files):
    (files.folder("NLH", "lists") / "accounts.csv").write_bytes(b"account,is_active\n\xe4,yes\n")
    with pytest.raises(ErpUnknown, match="UTF-8"):
        files.ledger().accounts("NLH")


def test_lists_as_a_spreadsheet_saves_them_are_read(files):
    text = "\ufeffaccount,is_active\r\n11100,yes\r\n4010,no\r\n\r\n"
    (files.folder("NLH", "lists") / "accounts.csv").write_bytes(text.encode())
    found = files.ledger().accounts("NLH")
    assert [(one.account, one.is_active) for one in found] == [("1110", True), ("4010", False)]


def test_segments_go_by_our_names(files):
    found = {(s.dimension, s.value) for s in files.ledger().segments("NLH") if s.is_active}
    expected = {(s[1], s[2]) for s in files.segments.expected() if s[0] == "NLH"}
    assert found == expected


def test_a_segment_that_accounting_closed_is_refused_before_writing(files, make_entry):
    files.companies["NLH"].segments["facility"]["200"] = False
    files.uploader.lay_lists()
    lines = tuple(replace(line, facility="EAST") for line in make_entry().lines)
    entry = replace(make_entry(), lines=lines)
    with pytest.raises(ErpRejected) as refusal:
        files.ledger().post(entry)
    assert refusal.value.reason_code == Reason.MAPPING
    assert files.ledger().find("NLH", entry.key) is None


def test_balances_are_those_of_the_trial_balance_where_there_is_one_of_that_day(files):
    text = "as_of,account,balance\n2026-05-31,11100,-7.25\n2026-05-31,4010,7.25\n"
    lay(files, "trial_balance.csv", text)
    found = files.ledger().balances("NLH", date(2026, 5, 31))
    assert found == {"1110": Decimal("-7.25"), "4010": Decimal("7.25")}
    assert files.ledger().balances("NLH", date(2026, 6, 1)) == {}


def test_the_trial_balance_that_the_person_lays_equals_the_sums_of_confirmed_files(
    files, make_entry
):
    entry = make_entry(amount="3.10")
    write(files, entry)
    files.run_batch()
    files.enter_by_hand("NLH", entry.accounting_date, "1110", "4010", "9.00")
    day = entry.accounting_date
    summed = files.ledger().balances("NLH", day)
    files.uploader.lay_lists(as_of=[day])
    listed = files.ledger().balances("NLH", day)
    assert {k: v for k, v in listed.items() if v} == summed
    assert summed["1110"] == Decimal("15.20")


def test_a_trial_balance_with_an_account_twice_on_a_day_is_refused(files):
    row = "2026-05-31,11100,1.00\n"
    lay(files, "trial_balance.csv", f"as_of,account,balance\n{row}{row}")
    with pytest.raises(ErpUnknown, match="listed twice"):
        files.ledger().balances("NLH", date(2026, 5, 31))


def test_the_table_says_that_posting_is_somebody_elses_act(files):
    row = files.ledger().capabilities
    assert (row.confirms_posting, row.is_post_atomic) == (False, False)
    assert row.idempotency is Idempotency.UNIQUE_REFERENCE
    assert row.dimensions == CARRIED


def test_an_account_of_the_erp_that_has_two_names_of_ours_shows_when_read_back(files, make_entry):
    """A map that is not one to one cannot be undone: the comparison says so, nothing hides it."""
    doubled = SegmentMap({"NLH": EntitySegments(accounts={"1110": "4010"})})
    entry = make_entry()
    ledger = JournalFileHarness(files.root, segments=doubled).ledger()
    with pytest.raises(ErpUnknown):
        ledger.post(entry)
    assert "line 2: account" in compare(entry, ledger.find("NLH", entry.key))


@pytest.mark.parametrize(
    ("old", "new"),
    [(",80.25,0.00,", ",80.26,0.00,"), (",4,", ",5,"), ("NLH", "NPG"), ("0.00", "0.0"),
     ("2026-05-09", "2026-05-9"), ("11100", "")],
)  # fmt: skip
def test_a_file_whose_lines_are_no_entry_is_not_read(make_entry, files, old, new):
    text = rendered(renamed(make_entry(), files.segments, CARRIED), "\n").decode()
    assert old in text
    with pytest.raises(UnreadableFileError):
        parsed(text.replace(old, new, 1).encode())


@pytest.mark.parametrize("what", ["data", "control"])
def test_the_person_does_not_upload_a_file_that_its_control_does_not_fit(files, make_entry, what):
    path = write(files, make_entry())
    spoiled = path if what == "data" else path.with_name(f"{path.stem}.control.csv")
    spoiled.write_text(spoiled.read_text().replace("160.50", "160.51").replace("80.25", "80.26"))
    with pytest.raises(UploadError):
        files.run_batch()


def test_totals_of_many_lines_are_exact(make_entry):
    value, nothing = Decimal("0.10"), Decimal(0)
    sides = itertools.islice(itertools.cycle(((value, nothing), (nothing, value))), 600)
    lines = tuple(JournalLine(n, "1110", d, c, "x") for n, (d, c) in enumerate(sides, start=1))
    entry = replace(make_entry(), lines=lines)
    totals = totals_of(entry, rendered(entry, "\n"))
    assert (totals.lines, totals.debit, totals.credit) == (600, Decimal("30.00"), Decimal("30.00"))
