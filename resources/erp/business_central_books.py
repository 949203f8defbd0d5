"""What Business Central has: periods, accounts, dimension values, balances and posted lines.

Reading only; documents are written in `business_central.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from billing.ledger.erp import ErpAccount, ErpLine, ErpPeriod, ErpSegment, ErpUnknown, Reason
from resources.erp.business_central_answers import key_of, reference_of
from resources.erp.business_central_settings import BusinessCentralSettings
from resources.erp.odata import ODataClient, amount, day, literal

BLANK = date(1, 1, 1)  # how an empty date is written
AT_ONCE = 20  # accounts in one filter: an address must not grow without end


class BusinessCentralBooks:
    """Master data and posted entries of all companies of one environment."""

    def __init__(self, settings: BusinessCentralSettings, odata: ODataClient) -> None:
        """Reads nothing yet."""
        self._settings, self._odata = settings, odata

    def periods(self, entity: str) -> list[ErpPeriod]:
        """Return the accounting periods, oldest first. Raises ErpUnknown.

        Open is what lies in the range of allowed posting dates and in no closed year. The last
        period has no end in the ERP, because its successor is not made yet: it is left out.
        """
        first, last = self._allowed(entity)
        rows = sorted(
            self._rows(entity, "accountingPeriods"), key=lambda row: day(row["startingDate"])
        )
        found = []
        for row, after in pairwise(rows):
            start, end = day(row["startingDate"]), day(after["startingDate"]) - timedelta(days=1)
            is_open = first <= start and end <= last and not row["closed"]
            found.append(ErpPeriod(entity, start, end, str(row["id"]), is_open))
        return found

    def accounts(self, entity: str) -> list[ErpAccount]:
        """Return the accounts; active is one that may be posted to directly. Raises ErpUnknown."""
        return [
            ErpAccount(
                entity,
                self._settings.segments.own_account(entity, str(row["number"])),
                not row["blocked"] and row["directPosting"] and row["accountType"] == "Posting",
            )
            for row in self._rows(entity, "accounts")
        ]

    def segments(self, entity: str) -> list[ErpSegment]:
        """Return the values of the carried dimensions. Raises ErpUnknown.

        The API does not tell whether a value is blocked: all are said to be active.
        """
        found = []
        for ours, theirs in self._settings.dimensions.items():
            params = {"$filter": f"code eq {literal(theirs)}", "$expand": "dimensionValues"}
            for row in self._rows(entity, "dimensions", params):
                values = (str(value["code"]) for value in row["dimensionValues"])
                found += [ErpSegment(entity, ours, value, is_active=True) for value in values]
        return found

    def balances(self, entity: str, as_of: date) -> dict[str, Decimal]:
        """Return each account's balance: the sum of the ERP's entries up to and with a day.

        Raises ErpUnknown.
        """
        params = {
            "$filter": f"postingDate le {as_of.isoformat()}",
            "$select": "accountNumber,debitAmount,creditAmount",
        }
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in self._rows(entity, "generalLedgerEntries", params):
            account = self._settings.segments.own_account(entity, str(row["accountNumber"]))
            sums[account] += amount(row["debitAmount"]) - amount(row["creditAmount"])
        return dict(sums)

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """Return posted lines on the accounts, whoever made them. Raises ErpUnknown."""
        names = [self._settings.segments.account(entity, account) for account in accounts]
        found = []
        for start in range(0, len(names), AT_ONCE):
            one_of = " or ".join(
                f"accountNumber eq {literal(name)}" for name in names[start : start + AT_ONCE]
            )
            params = {"$filter": f"postingDate ge {since.isoformat()} and ({one_of})"}
            rows = self._rows(entity, "generalLedgerEntries", params)
            found += [self._line(entity, row) for row in rows]
        return found

    def _line(self, entity: str, row: dict[str, Any]) -> ErpLine:
        return ErpLine(
            entity=entity,
            reference=reference_of(entity, row),
            key=key_of(row),
            accounting_date=day(row["postingDate"]),
            account=self._settings.segments.own_account(entity, str(row["accountNumber"])),
            debit=amount(row["debitAmount"]),
            credit=amount(row["creditAmount"]),
        )

    def _allowed(self, entity: str) -> tuple[date, date]:
        rows = list(self._rows(entity, "generalLedgerSetup"))
        if len(rows) != 1:
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        first, last = day(rows[0]["allowPostingFrom"]), day(rows[0]["allowPostingTo"])
        return first, date.max if last == BLANK else last

    def _rows(
        self, entity: str, collection: str, params: dict[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        return self._odata.rows(f"{self._settings.company(entity)}/{collection}", params)
