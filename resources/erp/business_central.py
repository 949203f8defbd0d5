"""Dynamics 365 Business Central behind the ERP protocol: one journal for each entry's key.

The journal's code is a digest of the key, which the ERP keeps unique. A journal that was posted
stays, empty, and says so in its name: nobody posts under this key again.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing.ledger.capabilities import Capabilities, Idempotency
from billing.ledger.erp import (
    ErpAccount,
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
from resources.erp.answering import ErpCaller
from resources.erp.business_central_answers import Journal, Reader
from resources.erp.business_central_books import BusinessCentralBooks
from resources.erp.business_central_drafts import BusinessCentralDrafts, contents_of
from resources.erp.business_central_names import document_number
from resources.erp.business_central_settings import SCOPE, BusinessCentralSettings
from resources.erp.entra import EntraTokens, utc_now
from resources.erp.odata import ODataClient, literal


class BusinessCentralLedger:
    """The general ledger of each entity's company, in one environment."""

    name = "business_central"
    capabilities = Capabilities(
        idempotency=Idempotency.UNIQUE_REFERENCE,
        is_post_atomic=False,
        read_back_key="documentNumber (a digest), and whole at the end of each description",
        max_lines=1000,
        quiescence=timedelta(minutes=16),  # eight in the queue, and eight at work
        period_error='a message with "not within your range of allowed posting dates"',
        dimensions=("facility", "payer_class"),
        requests_per_minute=1200,
        concurrent_requests=5,
    )

    def __init__(
        self,
        settings: BusinessCentralSettings,
        answer_seconds: float = 60.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`answer_seconds`: how long to wait before an outcome is unknown. Connects to nothing."""
        self._settings = settings
        caller = ErpCaller(answer_seconds)
        tokens = EntraTokens(settings.app, SCOPE, caller, now)
        self._odata = ODataClient(settings.api_url, caller, tokens)
        self._drafts = BusinessCentralDrafts(settings, self._odata)
        self._books = BusinessCentralBooks(settings, self._odata)

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Return the document with this key, draft or posted. Raises ErpUnknown, ErpRejected."""
        return self._posted(entity, key) or self._drafts.find(entity, key)

    def post(self, entry: JournalEntry) -> ErpDocument:
        """Have exactly one posted document for the entry's key and return it as read back.

        A posted one is returned as it is; a draft that an interrupted attempt left is posted, or
        replaced when it says something else. Raises ErpRejected (nothing is left), ErpBusy,
        ErpUnknown.
        """
        if len(entry.lines) > self.capabilities.max_lines:
            raise ErpRejected(Reason.TOO_LARGE, "more lines than one document takes")
        contents_of(entry, self._settings)
        found = self._posted(entry.entity, entry.key)
        if found is not None:
            return found
        self._check_books(entry)
        journal = self._drafts.written(entry)
        if journal is not None:
            self._post(entry, journal)
        document = self._posted(entry.entity, entry.key)
        if document is None:
            raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING)
        return document

    def periods(self, entity: str) -> list[ErpPeriod]:
        """Return the accounting periods, oldest first. Raises ErpUnknown, ErpRejected."""
        return self._books.periods(entity)

    def balances(self, entity: str, as_of: date) -> dict[str, Decimal]:
        """Return each account's balance as of a day. Raises ErpUnknown, ErpRejected."""
        return self._books.balances(entity, as_of)

    def accounts(self, entity: str) -> list[ErpAccount]:
        """Return the accounts, blocked ones too. Raises ErpUnknown, ErpRejected."""
        return self._books.accounts(entity)

    def segments(self, entity: str) -> list[ErpSegment]:
        """Return the values of the carried dimensions. Raises ErpUnknown, ErpRejected."""
        return by_our_names(self._books.segments(entity), self._settings.segments)

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """Return posted lines on the accounts, whoever made them. Raises as `find`."""
        return self._books.lines_on(entity, accounts, since)

    def _posted(self, entity: str, key: str) -> ErpDocument | None:
        path = f"{self._settings.company(entity)}/generalLedgerEntries"
        params = {
            "$filter": f"documentNumber eq {literal(document_number(key))}",
            "$expand": "dimensionSetLines",
        }
        rows = list(self._odata.rows(path, params))
        reader = Reader(entity, self._settings.segments, self._settings.dimensions)
        return reader.posted(key, rows) if rows else None

    def _check_books(self, entry: JournalEntry) -> None:
        """Refuse what the ERP's own lists would refuse: its messages are the second control."""
        on = entry.accounting_date
        periods = self._books.periods(entry.entity)
        if not any(one.is_open and one.start <= on <= one.end for one in periods):
            raise ErpRejected(Reason.PERIOD_CLOSED, "the ERP has no open period for the date")
        active = {one.account for one in self._books.accounts(entry.entity) if one.is_active}
        if not {line.account for line in entry.lines} <= active:
            raise ErpRejected(Reason.ACCOUNT_UNKNOWN, "an account is missing or blocked")

    def _post(self, entry: JournalEntry, journal: Journal) -> None:
        reason = self._drafts.post(entry, journal)
        if reason is None or self._posted(entry.entity, entry.key) is not None:
            return
        if reason is Reason.DUPLICATE:
            raise ErpUnknown(reason, "somebody else writes to the journal of this key")
        self._drafts.discard(entry)
        raise ErpRejected(reason)
