"""Dynamics 365 Finance behind the ERP protocol: a journal is created, and posted by the ERP later.

The standard entities have no action that posts. An entry that is complete in the ERP is therefore
AWAITING_POST until the customer's own batch job "Post journals" has come by.
"""

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

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
    by_our_names,
    compare,
)
from resources.erp.answering import ErpCaller
from resources.erp.dynamics_finance_answers import check_texts
from resources.erp.dynamics_finance_books import DynamicsFinanceBooks
from resources.erp.dynamics_finance_journals import DynamicsFinanceJournals
from resources.erp.dynamics_finance_package import DynamicsFinancePackages
from resources.erp.dynamics_finance_settings import DynamicsFinanceSettings
from resources.erp.entra import EntraTokens, utc_now
from resources.erp.odata import ODataClient


class DynamicsFinanceLedger:
    """The general ledger of each entity's company, in one environment."""

    name = "dynamics_finance"
    capabilities = Capabilities(
        idempotency=Idempotency.SEARCH,
        is_post_atomic=False,
        read_back_key="Description of LedgerJournalHeaders",
        max_lines=10_000,
        quiescence=timedelta(minutes=10),
        period_error="the period's status; when posting, a line in the batch job's log",
        dimensions=("facility", "payer_class"),
        concurrent_requests=1,
        confirms_posting=False,
    )

    def __init__(
        self,
        settings: DynamicsFinanceSettings,
        answer_seconds: float = 60.0,
        now: Callable[[], datetime] = utc_now,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`answer_seconds`: how long to wait before an outcome is unknown. Connects to nothing."""
        self._settings = settings
        caller = ErpCaller(answer_seconds)
        odata = ODataClient(
            f"{settings.url}/data", caller, EntraTokens(settings.app, settings.scope, caller, now)
        )
        self._journals = DynamicsFinanceJournals(settings, odata)
        self._packages = DynamicsFinancePackages(settings, odata, caller, wait)
        self._books = DynamicsFinanceBooks(settings, odata)

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Return the document with this key, `created` or `posted`. Raises ErpUnknown."""
        return self._journals.find(entity, key)

    def post(self, entry: JournalEntry) -> ErpDocument:
        """Have exactly one complete journal for the entry's key; return it once it is posted.

        Raises ErpUnknown (AWAITING_POST) while it is not: that is the usual end of a first call.
        A journal that says something else and is not posted is replaced. Raises ErpRejected
        (nothing is left), ErpBusy, ErpUnknown.
        """
        self._check(entry)
        found = self._journals.find(entry.entity, entry.key)
        if found is not None and found.state == POSTED:
            return found
        if found is None and self._books.is_posted(entry.entity, entry.key):
            raise ErpUnknown(Reason.DUPLICATE, "posted already, and its journal is gone")
        if found is None or not _is_complete(entry, found):
            self._check_books(entry)
            self._bring(entry)
            self._check_kept(entry)
        raise ErpUnknown(Reason.AWAITING_POST)

    def periods(self, entity: str) -> list[ErpPeriod]:
        """Return the ledger's periods, oldest first. Raises ErpUnknown, ErpRejected."""
        return self._books.periods(entity)

    def balances(self, entity: str, as_of: date) -> dict[str, Decimal]:
        """Return each account's balance as of a day. Raises ErpUnknown, ErpRejected."""
        return self._books.balances(entity, as_of)

    def accounts(self, entity: str) -> list[ErpAccount]:
        """Return the main accounts, suspended ones too. Raises ErpUnknown, ErpRejected."""
        return self._books.accounts(entity)

    def segments(self, entity: str) -> list[ErpSegment]:
        """Return the values of the carried dimensions. Raises ErpUnknown, ErpRejected."""
        return by_our_names(self._books.segments(entity), self._settings.segments)

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """Return posted lines on the accounts, whoever made them. Raises as `find`."""
        return self._books.lines_on(entity, accounts, since)

    def _check(self, entry: JournalEntry) -> None:
        if len(entry.lines) > self.capabilities.max_lines:
            raise ErpRejected(Reason.TOO_LARGE, "more lines than one document takes")
        check_texts(entry)
        for line in entry.lines:
            self._settings.account_of(entry.entity, line)

    def _check_books(self, entry: JournalEntry) -> None:
        """Refuse what the ERP's own lists would refuse, long before its batch job would."""
        on = entry.accounting_date
        periods = self._books.periods(entry.entity)
        if not any(one.is_open and one.start <= on <= one.end for one in periods):
            raise ErpRejected(Reason.PERIOD_CLOSED, "the ERP has no open period for the date")
        active = {one.account for one in self._books.accounts(entry.entity) if one.is_active}
        if not {line.account for line in entry.lines} <= active:
            raise ErpRejected(Reason.ACCOUNT_UNKNOWN, "an account is missing or suspended")

    def _bring(self, entry: JournalEntry) -> None:
        """Replace what there may be of the entry. An import that runs is not disturbed."""
        is_long = len(entry.lines) > self._settings.package_above
        execution = self._packages.free(entry.key) if is_long else ""
        self._journals.delete_all(entry.entity, entry.key)
        if not is_long:
            self._journals.create(entry)
        elif not self._packages.bring(entry, execution):
            self._journals.delete_all(entry.entity, entry.key)
            raise ErpRejected(Reason.OTHER, "the ERP's import failed; its job log says why")

    def _check_kept(self, entry: JournalEntry) -> None:
        """Take a journal back that the ERP keeps otherwise than it was sent."""
        kept = self._journals.find(entry.entity, entry.key)
        if kept is None:
            raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING)
        if kept.state != POSTED and not _is_complete(entry, kept):
            self._journals.delete_all(entry.entity, entry.key)
            raise ErpRejected(Reason.OTHER, "the ERP keeps the lines otherwise than sent")


def _is_complete(entry: JournalEntry, created: ErpDocument) -> bool:
    """Say whether posting this journal would give exactly the entry, under one voucher."""
    same = [(one.facility, one.payer_class) for one in entry.lines] == [
        (one.facility, one.payer_class) for one in created.lines
    ]
    one_voucher = ", " not in created.number
    return same and one_voucher and compare(entry, created) == ["the document is not posted"]
