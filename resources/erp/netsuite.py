"""NetSuite behind the ERP protocol: one journal for each entry's key, which is its external id.

Decides what is done when. The verbs are in `netsuite_http.py`, writing once in
`netsuite_journals.py`, what is asked in `netsuite_queries.py`.
"""

import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing.ledger.capabilities import Capabilities, Idempotency
from billing.ledger.erp import (
    POSTED,
    ErpAccount,
    ErpDocument,
    ErpLine,
    ErpPeriod,
    ErpRejected,
    ErpSegment,
    ErpUnknown,
    JournalEntry,
    Reason,
    compare,
)
from resources.erp import netsuite_queries as queries
from resources.erp.netsuite_answers import document_of, line_of, money, period_of, text, truth
from resources.erp.netsuite_body import (
    MasterData,
    body_of,
    check_names,
    check_period,
    lacks,
    usable,
)
from resources.erp.netsuite_http import NetsuiteClient, after_sending
from resources.erp.netsuite_journals import JournalWriter
from resources.erp.netsuite_settings import NetsuiteSettings

REQUEST_LIMIT = timedelta(minutes=15)  # after which NetSuite gives a request up
# For the time a job waits for a processor Oracle names no limit: a day is our assumption.
QUEUE_LIMIT = timedelta(days=1)
CONCURRENT_REQUESTS = 5  # of the smallest service tier, shared by all integrations


class NetsuiteLedger:
    """The general ledger of each entity, which is a subsidiary of one NetSuite account."""

    name = "netsuite"

    def __init__(
        self,
        settings: NetsuiteSettings,
        answer_seconds: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`answer_seconds`: when an outcome is unknown. `now`: seconds since 1970, for tokens."""
        self._settings = settings
        self._client = NetsuiteClient(settings, answer_seconds, now)
        self._writer = JournalWriter(self._client, is_async=settings.is_async)
        self._known: MasterData | None = None
        self.capabilities = capabilities_of(settings)

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Return the journal with this external id, draft or posted. Raises ErpUnknown."""
        with after_sending():
            return self._find(entity, key)

    def post(self, entry: JournalEntry) -> ErpDocument:
        """Have exactly one posted journal for the entry's key and return it as read back.

        A posted one is returned as it is; a draft that an interrupted attempt left is approved, or
        replaced when it says something else. Raises ErpRejected (nothing is left), ErpBusy (nothing
        was taken) or ErpUnknown; AWAITING_POST where a person has yet to approve the journal.
        """
        found = self._find(entry.entity, entry.key)
        if found is not None and found.state == POSTED:
            return found
        says_the_same = found is not None and self._says_the_same(entry, found)
        if says_the_same and not self._settings.approves:
            raise ErpUnknown(Reason.AWAITING_POST)
        try:
            body = self._body(entry)
        except ErpRejected:
            if found is None or self._is_gone(entry):  # no draft of what is rejected stays behind
                raise
            return self._read_back(entry)
        if found is not None and says_the_same:
            self._approve(entry, found)
        elif found is None or self._is_gone(entry):
            self._create(entry, body)
        return self._read_back(entry)

    def periods(self, entity: str) -> list[ErpPeriod]:
        """Return the base periods, oldest first; all subsidiaries share them. Raises ErpUnknown."""
        with after_sending():
            return self._periods(entity)

    def balances(self, entity: str, as_of: date) -> dict[str, Decimal]:
        """Return each account's balance as NetSuite sums it, debit positive. Raises ErpUnknown."""
        subsidiary, book = self._settings.subsidiary(entity), self._settings.accounting_book
        found: dict[str, Decimal] = {}
        with after_sending():
            for row in self._client.rows(queries.balances(subsidiary, book, as_of)):
                account = self._settings.segments.own_account(entity, text(row, "acctnumber"))
                amount = money(row, "debit") - money(row, "credit")
                found[account] = found.get(account, Decimal(0)) + amount
        return found

    def accounts(self, entity: str) -> list[ErpAccount]:
        """Return the chart of accounts, which the subsidiaries share. Raises ErpUnknown."""
        own = self._settings.segments.own_account
        with after_sending():
            rows = self._client.rows(queries.accounts())
            return [
                ErpAccount(
                    entity, own(entity, text(row, "acctnumber")), not truth(row, "isinactive")
                )
                for row in rows
            ]

    def segments(self, entity: str) -> list[ErpSegment]:
        """Return the values of the configured classifications, in our words where they are ours.

        Raises ErpUnknown.
        """
        own = self._settings.segments.own_value
        with after_sending():
            return [
                ErpSegment(
                    entity, ours, own(entity, ours, text(row, "name")), not truth(row, "isinactive")
                )
                for ours, theirs in self._settings.dimensions.items()
                for row in self._client.rows(queries.segments(theirs))
            ]

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """Return posted lines on the accounts, whoever made them. Raises ErpUnknown."""
        if not accounts:
            return []
        theirs = [self._settings.segments.account(entity, account) for account in accounts]
        subsidiary, book = self._settings.subsidiary(entity), self._settings.accounting_book
        with after_sending():
            rows = self._client.rows(queries.lines_on(subsidiary, book, theirs, since))
            return [line_of(self._settings, entity, row) for row in rows]

    def _find(self, entity: str, key: str) -> ErpDocument | None:
        settings = self._settings
        query = queries.document(
            settings.subsidiary(entity), settings.accounting_book, key, settings.dimensions
        )
        return document_of(settings, entity, self._client.rows(query))

    def _periods(self, entity: str) -> list[ErpPeriod]:
        return [period_of(entity, row) for row in self._client.rows(queries.periods())]

    def _body(self, entry: JournalEntry) -> dict[str, Any]:
        """Return the journal to send. Raises ErpRejected for what NetSuite would not post."""
        check_names(self._settings, entry)
        period = check_period(self._periods(entry.entity), entry)
        return body_of(self._settings, entry, period, self._master_data(entry))

    def _create(self, entry: JournalEntry, body: dict[str, Any]) -> None:
        def is_there() -> bool:
            return self._find(entry.entity, entry.key) is not None

        try:
            self._writer.create(entry.key, body, is_there)
        except ErpRejected as refusal:
            # A script of the customer can fail after the journal is saved: refused, and there.
            with after_sending():
                if is_there():
                    return
            if refusal.reason_code == Reason.DUPLICATE:  # taken where we cannot look
                raise ErpUnknown(Reason.DUPLICATE) from None
            raise

    def _approve(self, entry: JournalEntry, draft: ErpDocument) -> None:
        """Approve a draft that says what the entry says; a refused one does not stay behind."""
        try:
            self._writer.approve(draft.reference)
        except ErpRejected as refusal:
            if refusal.reason_code == Reason.ACCESS:  # somebody else may approve it
                raise ErpUnknown(Reason.AWAITING_POST) from None
            with after_sending():
                is_gone = self._is_gone(entry)
            if is_gone:
                raise refusal from None

    def _is_gone(self, entry: JournalEntry) -> bool:
        """Delete the draft of a key; False where it is posted by now, which is left alone.

        Looked up once more because NetSuite lets posted journals be deleted. Raises ErpUnknown.
        """
        found = self._find(entry.entity, entry.key)
        if found is None or found.state == POSTED:
            return found is None
        if not self._writer.delete(found.reference):
            raise ErpUnknown(Reason.DRAFT_LEFT)
        return True

    def _read_back(self, entry: JournalEntry) -> ErpDocument:
        with after_sending():
            document = self._find(entry.entity, entry.key)
        if document is None:
            raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING)
        if document.state != POSTED:
            raise ErpUnknown(Reason.AWAITING_POST)
        return document

    def _says_the_same(self, entry: JournalEntry, draft: ErpDocument) -> bool:
        """Say whether approving this draft would give exactly the entry, dimensions included."""
        carried = self.capabilities.dimensions
        return compare(entry, draft) == ["the document is not posted"] and all(
            getattr(sent, name) == getattr(there, name)
            for sent, there in zip(entry.lines, draft.lines, strict=True)
            for name in carried
        )

    def _master_data(self, entry: JournalEntry) -> MasterData:
        """Return what is known of the account, read again when the entry names something new."""
        known = self._known
        if known is None or lacks(self._settings, entry, known) is not None:
            known = self._known = self._read_master_data()
        missing = lacks(self._settings, entry, known)
        if missing is not None:
            raise ErpRejected(missing, "something is missing, inactive or not unique in the ERP")
        return known

    def _read_master_data(self) -> MasterData:
        rows = self._client.rows
        return MasterData(
            accounts=usable(rows(queries.accounts()), "acctnumber"),
            segments={
                theirs: usable(rows(queries.segments(theirs)), "name")
                for theirs in self._settings.dimensions.values()
            },
        )


def capabilities_of(settings: NetsuiteSettings) -> Capabilities:
    """Return the row of the capability table, which depends on how the account is set up."""
    return Capabilities(
        idempotency=Idempotency.UNIQUE_REFERENCE,
        is_post_atomic=settings.approves,
        read_back_key="externalId of journalEntry",
        max_lines=settings.max_lines,
        quiescence=QUEUE_LIMIT if settings.is_async else REQUEST_LIMIT,
        period_error='USER_ERROR whose text speaks of the "accounting period"; told before sending',
        dimensions=tuple(settings.dimensions),
        concurrent_requests=CONCURRENT_REQUESTS,
        confirms_posting=settings.approves,
    )
