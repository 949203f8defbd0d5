"""What is particular to S/4HANA Cloud behind the protocol: logon, refusals, replays, reading."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.ledger.capabilities import Idempotency
from billing.ledger.erp import ErpBusy, ErpRejected, ErpUnknown, Reason, compare
from resources.environment import InvalidSettingError
from resources.erp.answering import ErpAnswer, ErpCaller
from resources.erp.sap_s4 import SapS4Ledger
from sandbox.erp.faults import Fault
from tests.fixtures.erp.sap_s4 import PASSWORD, running

pytestmark = pytest.mark.promise(
    "Posting to S/4HANA makes one document, wherever an attempt breaks off",
    "A refusal of S/4HANA is told from a failure, and leaves nothing behind",
    "What S/4HANA would change or cannot carry is refused before sending",
)

MARCH = date(2026, 3, 4)


@pytest.fixture(scope="module")
def shared():
    """A tenant for tests that leave it as it was."""
    with running() as started:
        yield started


@pytest.fixture
def s4():
    """A tenant of one's own."""
    with running() as started:
        yield started


def refused(ledger, entry):
    with pytest.raises(ErpRejected) as refusal:
        ledger.post(entry)
    return refusal.value.reason_code


def unknown(ledger, entry):
    with pytest.raises(ErpUnknown) as outcome:
        ledger.post(entry)
    return outcome.value.reason_code


def test_a_wrong_password_is_no_access_and_nothing_is_posted(shared, make_entry):
    entry = make_entry()
    ledger = SapS4Ledger(replace(shared.settings, password="old"), 5.0)
    assert refused(ledger, entry) == Reason.ACCESS
    assert shared.documents("NLH", entry.key) == 0


def test_no_secret_shows_in_the_settings(shared):
    assert PASSWORD not in repr(shared.settings)


def test_credentials_do_not_leave_this_machine_in_the_clear(shared):
    with pytest.raises(InvalidSettingError):
        replace(shared.settings, url="http://my000000-api.s4hana.cloud.sap")
    replace(shared.settings, url="https://my000000-api.s4hana.cloud.sap")


def test_two_dimensions_do_not_share_a_field(shared):
    same = {"facility": "ProfitCenter", "payer_class": "ProfitCenter"}
    for fields in (same, {"facility": "CostCenter"}, {"doctor": "Segment"}):
        with pytest.raises(InvalidSettingError):
            replace(shared.settings, dimension_fields=fields)


def test_a_message_id_counts_for_idempotency_only_where_somebody_has_seen_it(shared):
    kinds = [
        SapS4Ledger(replace(shared.settings, is_replay_confirmed=told)).capabilities.idempotency
        for told in (True, False)
    ]
    assert kinds == [Idempotency.REPLAYED_KEY, Idempotency.SEARCH]


def test_saps_own_no_to_a_closed_period_is_understood_where_the_file_is_late(s4, make_entry):
    s4.companies["NLH"].closed.add(MARCH.replace(day=1))
    entry = make_entry(day=MARCH)
    assert refused(s4.ledger(), entry) == Reason.PERIOD_CLOSED
    assert s4.ledger().find("NLH", entry.key) is None
    assert len(s4.stub.journal.answers) == 1


@pytest.mark.parametrize("is_blank", [False, True], ids=["zeros", "blanks"])
def test_saps_own_no_to_an_account_is_understood(s4, make_entry, is_blank):
    s4.stub.journal.is_refused_blank = is_blank
    ledger = s4.ledger()
    ledger.post(make_entry(accounts=("6320", "4010")))  # the chart is read and kept
    s4.close_account("NLH", "6320")
    entry = make_entry(accounts=("6320", "4010"))
    assert refused(ledger, entry) == Reason.ACCOUNT_UNKNOWN
    assert s4.documents("NLH", entry.key) == 0


def test_a_profit_center_that_sap_does_not_have_is_a_matter_of_mapping(s4, make_entry):
    s4.companies["NLH"].segments["ProfitCenter"].pop("200")
    lines = tuple(replace(line, facility="EAST") for line in make_entry().lines)
    assert refused(s4.ledger(), replace(make_entry(), lines=lines)) == Reason.MAPPING


def test_a_day_without_an_open_period_in_the_file_is_refused_before_sending(shared, make_entry):
    before = len(shared.stub.journal.answers)
    assert refused(shared.ledger(), make_entry(day=date(2031, 1, 1))) == Reason.PERIOD_CLOSED
    assert len(shared.stub.journal.answers) == before


@pytest.mark.parametrize("text", [None, "entity,first_day\nNLH,x\n", "\n".join(
    ["entity,first_day,last_day,is_open", "NLH,2026-01-01,2026-01-31,perhaps"])])  # fmt: skip
def test_a_file_of_periods_that_cannot_be_read_stops_the_posting(s4, make_entry, text):
    path = s4.settings.periods_file
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(InvalidSettingError):
        s4.ledger().post(make_entry())


def unseen_once(monkeypatch, ledger):
    """Have the first look-up miss what is there, as a view that lags behind would."""
    real, looks = ledger.find, []
    monkeypatch.setattr(ledger, "find", lambda *asked: real(*asked) if looks else looks.append(1))


def test_a_message_that_is_sent_again_is_answered_as_before(s4, make_entry, monkeypatch):
    entry = make_entry()
    s4.fault(Fault.DROP_AFTER)
    unknown(s4.ledger(), entry)
    ledger = s4.ledger()
    unseen_once(monkeypatch, ledger)
    assert compare(entry, ledger.post(entry)) == []
    assert s4.documents("NLH", entry.key) == 1


def test_a_refusal_that_is_only_repeated_does_not_hold_an_entry_up(s4, make_entry):
    books, entry = s4.companies["NLH"], make_entry(day=MARCH)
    books.closed.add(MARCH.replace(day=1))
    assert refused(s4.ledger(), entry) == Reason.PERIOD_CLOSED
    books.closed.clear()
    assert refused(s4.ledger(), entry) == Reason.PERIOD_CLOSED  # repeated, too young to tell
    s4.stub.journal.age(timedelta(minutes=10))
    assert compare(entry, s4.ledger().post(entry)) == []
    assert s4.documents("NLH", entry.key) == 1


def test_refusals_that_are_repeated_come_to_an_end(s4, make_entry):
    s4.companies["NLH"].closed.add(MARCH.replace(day=1))
    entry = make_entry(day=MARCH)
    for _ in range(7):
        assert refused(s4.ledger(), entry) == Reason.PERIOD_CLOSED
        s4.stub.journal.age(timedelta(minutes=10))
    assert len(s4.stub.journal.answers) == 5


def test_two_documents_with_one_key_are_for_a_person(s4, make_entry, monkeypatch):
    entry = make_entry()
    s4.ledger().post(entry)
    s4.stub.journal.age(timedelta(days=2))  # the window has passed
    ledger = s4.ledger()
    unseen_once(monkeypatch, ledger)
    assert unknown(ledger, entry) == Reason.DUPLICATE
    assert s4.documents("NLH", entry.key) == 2


def test_a_reversal_in_sap_is_foreign_and_does_not_hide_the_document(s4, make_entry):
    entry = make_entry(day=MARCH)
    first = s4.ledger().post(entry)
    s4.codes["NLH"].reverse(s4.companies["NLH"].documents[0])
    assert s4.ledger().find("NLH", entry.key) == first
    lines = s4.ledger().lines_on("NLH", ["1110"], MARCH)
    assert [(line.key, line.debit - line.credit) for line in lines] == [
        (entry.key, Decimal("80.25")), (entry.key, Decimal("80.25")),
        ("", Decimal("-80.25")), ("", Decimal("-80.25")),
    ]  # fmt: skip
    assert s4.ledger().balances("NLH", MARCH)["1110"] == 0


def test_a_parked_document_with_our_key_is_not_posted_over(s4, make_entry):
    entry = make_entry(day=MARCH)
    s4.ledger().post(entry)
    s4.companies["NLH"].documents[0].is_posted = False
    assert unknown(s4.ledger(), entry) == Reason.DRAFT_LEFT
    assert s4.ledger().lines_on("NLH", ["1110"], MARCH) == []
    assert s4.ledger().balances("NLH", MARCH) == {}


def test_a_document_that_cannot_be_read_back_is_unknown_and_not_refused(
    s4, make_entry, monkeypatch
):
    real = s4.stub.journal.call

    def call(body):
        s4.stub.closed_services.add("API_OPLACCTGDOCITEMCUBE_SRV")
        return real(body)

    monkeypatch.setattr(s4.stub.journal, "call", call)
    entry = make_entry()
    assert unknown(s4.ledger(), entry) == Reason.NOT_FOUND_AFTER_POSTING
    assert s4.documents("NLH", entry.key) == 1


def test_a_read_back_that_is_throttled_is_unknown_and_not_busy(s4, make_entry, monkeypatch):
    ledger, looks = s4.ledger(), []

    def find(*_):
        if looks:
            raise ErpBusy(Reason.THROTTLED)
        looks.append(1)

    monkeypatch.setattr(ledger, "find", find)
    assert unknown(ledger, make_entry()) == Reason.NOT_FOUND_AFTER_POSTING


STATUSES = {302: ErpUnknown, 400: ErpRejected, 403: ErpRejected, 408: ErpUnknown}


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_of_the_journal_service_says_what_became_of_the_entry(
    shared, make_entry, monkeypatch, status
):
    real = ErpCaller.call

    def call(self, method, url, **rest):
        return ErpAnswer(status, {}, b"") if method == "POST" else real(self, method, url, **rest)

    monkeypatch.setattr(ErpCaller, "call", call)
    with pytest.raises(STATUSES[status]):
        shared.ledger().post(make_entry())


def test_a_document_of_many_pages_is_read_whole_and_in_order(s4, make_entry):
    pair = make_entry().lines[:2]
    lines = tuple(replace(pair[n % 2], line_no=n + 1, description=f"no {n}") for n in range(50))
    entry = replace(make_entry(), lines=lines)
    s4.ledger().post(entry)
    for page_size, page_rows in ((7, 5000), (20, 3), (50, 5000), (1000, 49)):
        s4.stub.page_rows = page_rows
        ledger = SapS4Ledger(replace(s4.settings, page_size=page_size), 5.0)
        assert compare(entry, ledger.find("NLH", entry.key)) == []


def test_the_most_lines_that_a_document_takes_are_taken(s4, make_entry):
    value = Decimal("1.00")
    first, second = make_entry().lines[:2]
    lines = [replace(second, line_no=n + 2, credit=value) for n in range(998)]
    entry = replace(make_entry(), lines=(replace(first, debit=998 * value), *lines))
    assert compare(entry, s4.ledger().post(entry)) == []


@pytest.mark.parametrize("text", ["x" * 60, "a word " * 8 + "end", "y" * 49 + " " + "z" * 10])
def test_a_description_of_our_longest_comes_back_whole(shared, make_entry, text):
    lines = tuple(replace(line, description=text) for line in make_entry().lines)
    entry = replace(make_entry(), lines=lines)
    assert compare(entry, shared.ledger().post(entry)) == []


def test_a_description_that_sap_would_change_is_refused(shared, make_entry):
    for text in ("x" * 68, "a " * 33 + "a", "\U0001f3e5"):
        lines = tuple(replace(line, description=text) for line in make_entry().lines)
        assert refused(shared.ledger(), replace(make_entry(), lines=lines)) == Reason.MAPPING


def test_a_key_that_the_fields_could_not_carry_is_never_sent(shared, make_entry):
    for key in ("x" * 41, "Test-1", "a key"):
        assert shared.ledger().find("NLH", key) is None
        assert refused(shared.ledger(), make_entry(key=key)) == Reason.MAPPING


def test_a_payer_class_can_go_into_the_segment_instead(make_entry):
    with running(dimension_fields={"payer_class": "Segment"}) as s4:
        s4.companies["NLH"].segments["Segment"] = {"MC": True}
        made = make_entry().lines
        lines = tuple(replace(x, facility="EAST", payer_class="medicare") for x in made)
        back = s4.ledger().post(replace(make_entry(), lines=lines)).lines
        assert {(line.facility, line.payer_class) for line in back} == {("", "medicare")}
        assert s4.ledger().capabilities.dimensions == ("payer_class",)


def test_values_of_dimensions_are_told_by_our_names_with_what_is_out_of_use(s4):
    s4.companies["NLH"].segments["ProfitCenter"]["200"] = False
    s4.companies["NPG"].segments["ProfitCenter"] = {}
    told = {(s.dimension, s.value): s.is_active for s in s4.ledger().segments("NLH")}
    assert told == {
        ("facility", "MAIN"): True, ("facility", "EAST"): False,
        ("payer_class", "commercial"): True, ("payer_class", "medicare"): True,
        ("payer_class", "other"): True,
    }  # fmt: skip


def test_lines_on_many_accounts_are_asked_for_in_parts(s4, make_entry):
    s4.ledger().post(make_entry(day=MARCH))
    accounts = [str(number) for number in range(2000, 2045)]
    found = s4.ledger().lines_on("NLH", [*accounts[:30], "1110", *accounts[30:], "4010"], MARCH)
    assert [line.account for line in found] == ["1110", "1110", "4010", "4010"]
