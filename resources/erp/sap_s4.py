"""SAP S/4HANA Cloud behind the ERP protocol: documents by SOAP, everything read by OData.

The key stands in the two reference fields of the header. SAP posts a document whole or not at
all, and leaves no draft; what it says of a message that it knows already is an earlier answer.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from billing.ledger.capabilities import Capabilities, Idempotency
from billing.ledger.erp import (
    POSTED,
    ErpAccount,
    ErpBusy,
    ErpDocument,
    ErpLine,
    ErpPeriod,
    ErpRejected,
    ErpSegment,
    ErpUnknown,
    JournalEntry,
    Reason,
    by_our_names,
)
from resources.erp.answering import ErpAnswer, ErpCaller
from resources.erp.sap_s4_confirmation import read_confirmation
from resources.erp.sap_s4_documents import (
    BALANCE_FIELDS,
    DOCUMENT_FIELDS,
    ITEM_KEY,
    ITEMS,
    LINE_FIELDS,
    balances_in,
    document_in,
    is_posted,
    line_in,
)
from resources.erp.sap_s4_fields import key_parts, padded, plain
from resources.erp.sap_s4_master import accounts_in, segments_of
from resources.erp.sap_s4_message import ACTION, Message, message
from resources.erp.sap_s4_odata import S4Reader, any_of, authorization, moment, quoted
from resources.erp.sap_s4_periods import read_periods
from resources.erp.sap_s4_schema import request_schema
from resources.erp.sap_s4_settings import S4Settings

SERVICE = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
OK = 200
MOST_LINES = 999
MOST_ACCOUNTS = 20  # in one filter: addresses are not endless
ATTEMPTS = 5
TIMED_OUT = 408


class SapS4Ledger:
    """The general ledgers of the entities' company codes. Not for use by several threads."""

    name = "sap_s4"

    def __init__(
        self,
        settings: S4Settings,
        answer_seconds: float = 60.0,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        """`today` decides which profit centres are valid. Raises InvalidSettingError."""
        self._settings, self._today = settings, today
        self._caller = ErpCaller(answer_seconds)
        self._reader = S4Reader(self._caller, settings)
        self._schema = request_schema(settings.wsdl)
        self._active: dict[str, set[str]] = {}
        self.capabilities = Capabilities(
            idempotency=(
                Idempotency.REPLAYED_KEY if settings.is_replay_confirmed else Idempotency.SEARCH
            ),
            is_post_atomic=True,
            read_back_key="Reference1InDocumentHeader and Reference2InDocumentHeader",
            max_lines=MOST_LINES,
            quiescence=timedelta(minutes=15),
            period_error='a log item 201(F5), or one with "period" and "not open"',
            dimensions=tuple(settings.dimension_fields),
        )

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Return the document with this key. Raises ErpUnknown, ErpBusy, ErpRejected (ACCESS)."""
        parts = key_parts(key)
        if parts is None:  # such a key was never sent
            return None
        where = " and ".join((
            self._company_is(entity),
            f"Reference1InDocumentHeader eq {quoted(parts[0])}",
            f"Reference2InDocumentHeader eq {quoted(parts[1])}",
        ))  # fmt: skip
        rows = self._reader.rows(ITEMS, DOCUMENT_FIELDS, ITEM_KEY, where)
        return document_in(rows, entity, self._settings)

    def post(self, entry: JournalEntry) -> ErpDocument:
        """Have exactly one posted document for the entry's key and return it as read back.

        One that was there before is returned as it is. Raises ErpRejected (nothing is left),
        ErpBusy (nothing was taken) or ErpUnknown.
        """
        found = self.find(entry.entity, entry.key)
        if found is None:
            first = self._checked(entry)
            self._send(entry, first)
            found = self._read_back(entry)
        if found.state != POSTED:
            raise ErpUnknown(Reason.DRAFT_LEFT, "a parked document of the ERP carries the key")
        return found

    def periods(self, entity: str) -> list[ErpPeriod]:
        """Return the periods of the file that the settings name. Raises InvalidSettingError."""
        return read_periods(self._settings.periods_file, entity)

    def balances(self, entity: str, as_of: date) -> dict[str, Decimal]:
        """Return the sums of SAP's posted items, by account: SAP has no balances by day to read.

        Debit positive, in the company code's currency. Raises as `find`.
        """
        where = f"{self._company_is(entity)} and PostingDate le {moment(as_of)}"
        rows = self._reader.rows(ITEMS, BALANCE_FIELDS, ITEM_KEY, where)
        return balances_in(rows, entity, self._settings)

    def accounts(self, entity: str) -> list[ErpAccount]:
        """Return the accounts of the chart, blocked ones too. Raises as `find`."""
        return accounts_in(self._reader, entity, self._settings)

    def segments(self, entity: str) -> list[ErpSegment]:
        """Return the profit centres, segments or functional areas in use. Raises as `find`."""
        found = segments_of(self._reader, entity, self._settings, self._today())
        return by_our_names(found, self._settings.segments)

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """Return posted items on the accounts, whoever made them. Raises as `find`."""
        found = []
        for start in range(0, len(accounts), MOST_ACCOUNTS):
            some = accounts[start : start + MOST_ACCOUNTS]
            where = " and ".join((
                self._company_is(entity), f"PostingDate ge {moment(since)}",
                any_of("GLAccount", self._spellings(entity, some)),
            ))  # fmt: skip
            rows = self._reader.rows(ITEMS, LINE_FIELDS, ITEM_KEY, where)
            found += [line_in(row, entity, self._settings) for row in rows if is_posted(row)]
        return found

    def _checked(self, entry: JournalEntry) -> Message:
        """Return the message of an entry that SAP should take. Raises ErpRejected."""
        if len(entry.lines) > MOST_LINES:
            raise ErpRejected(Reason.TOO_LARGE, f"a document has at most {MOST_LINES} items")
        first = message(entry, 0, self._settings, self._schema)
        periods = self.periods(entry.entity)
        day = entry.accounting_date
        if not any(one.is_open and one.start <= day <= one.end for one in periods):
            raise ErpRejected(Reason.PERIOD_CLOSED, "no open period holds the accounting date")
        if not self._has_accounts(entry):
            raise ErpRejected(Reason.ACCOUNT_UNKNOWN, "an account is missing or blocked")
        return first

    def _has_accounts(self, entry: JournalEntry) -> bool:
        """Say whether all accounts can be posted on; the chart is read again for a new one."""
        used = {line.account for line in entry.lines}
        if not used <= self._active.get(entry.entity, set()):
            own = self.accounts(entry.entity)
            self._active[entry.entity] = {one.account for one in own if one.is_active}
        return used <= self._active[entry.entity]

    def _send(self, entry: JournalEntry, first: Message) -> None:
        """Have SAP post the entry. Raises ErpRejected, ErpBusy, ErpUnknown.

        A refusal that SAP only repeats from an earlier attempt says that nothing was posted under
        that message's id; the same entry then goes under the next one, also always the same.
        """
        sent = first
        for attempt in range(1, ATTEMPTS + 1):
            answer = self._call(sent)
            said = read_confirmation(answer.body, sent.reference)
            if said.document:
                return
            if said.reason is Reason.DUPLICATE:  # perhaps of this entry: only reading back tells
                raise ErpUnknown(Reason.DUPLICATE)
            if attempt == ATTEMPTS or not said.is_replayed(answer.headers):
                raise ErpRejected(said.reason)
            sent = message(entry, attempt, self._settings, self._schema)

    def _call(self, sent: Message) -> ErpAnswer:
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{ACTION}"',
            **authorization(self._settings),
        }
        url = self._settings.url.rstrip("/") + SERVICE
        answer = self._caller.call("POST", url, headers=headers, body=sent.body)
        if answer.status in {401, 403, 404}:
            raise ErpRejected(Reason.ACCESS, "the communication user may not post")
        if answer.status != OK:  # sent elsewhere, timed out, or refused before it was read
            is_certain = 400 <= answer.status < 500 and answer.status != TIMED_OUT
            raise ErpRejected(Reason.OTHER) if is_certain else ErpUnknown(Reason.SERVER_ERROR)
        return answer

    def _read_back(self, entry: JournalEntry) -> ErpDocument:
        """Return what was posted. Raises ErpUnknown, also where it cannot be read just now."""
        try:
            found = self.find(entry.entity, entry.key)
        except (ErpRejected, ErpBusy):  # said of the reading: the document is posted
            raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING) from None
        if found is None:
            raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING)
        return found

    def _company_is(self, entity: str) -> str:
        return f"CompanyCode eq {quoted(self._settings.company(entity).company_code)}"

    def _spellings(self, entity: str, accounts: Sequence[str]) -> list[str]:
        """Return SAP's names of accounts, with and without leading zeros: releases differ."""
        names = [self._settings.segments.account(entity, account) for account in accounts]
        return sorted({spelling for name in names for spelling in (plain(name), padded(name))})
