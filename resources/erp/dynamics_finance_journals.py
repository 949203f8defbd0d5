"""The journals of Dynamics 365 Finance over OData: looked up, created with their lines, deleted.

The ERP numbers journals and lines itself, so lines are only ever sent to a journal that was made
for them a moment ago: lines that come late would be added to what is there.
"""

from collections.abc import Mapping
from typing import Any

from billing.ledger.erp import (
    ErpDocument,
    ErpRejected,
    ErpUnknown,
    JournalEntry,
    JournalLine,
    Reason,
)
from resources.erp.dynamics_finance_answers import (
    Header,
    description_of,
    document_digest,
    document_of,
    header_of,
    reason_of,
)
from resources.erp.dynamics_finance_batch import CONTENT_TYPE, answers, changeset
from resources.erp.dynamics_finance_settings import DynamicsFinanceSettings
from resources.erp.odata import NOT_FOUND, ODataClient, literal

HEADERS, LINES = "LedgerJournalHeaders", "LedgerJournalLines"
ALL_COMPANIES = {"cross-company": "true"}
MADE = 201


class DynamicsFinanceJournals:
    """The journals of our name in all companies of one environment."""

    def __init__(self, settings: DynamicsFinanceSettings, odata: ODataClient) -> None:
        """Reads nothing yet."""
        self._settings, self._odata = settings, odata

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Return the journal with this key that has lines. Raises ErpUnknown.

        Also when there are two: what is doubled is for a person to look at.
        """
        found = [
            one for one in (self._document(entity, h) for h in self.headers(entity, key)) if one
        ]
        if len(found) > 1:
            raise ErpUnknown(Reason.DUPLICATE, "two journals of the ERP have the same key")
        return found[0] if found else None

    def headers(self, entity: str, key: str) -> list[Header]:
        """Return all journals with this key, empty ones too. Raises ErpUnknown."""
        rows = self._odata.rows(
            HEADERS,
            {
                "$filter": f"dataAreaId eq {literal(self._settings.company(entity))}"
                f" and JournalName eq {literal(self._settings.journal_name)}"
                f" and Description eq {literal(key + ' *')}",  # the star is a wildcard
                **ALL_COMPANIES,
            },
        )
        return [header for header in map(header_of, rows) if header.key == key]

    def create(self, entry: JournalEntry) -> None:
        """Make a journal and, in one changeset, all of its lines.

        Raises ErpRejected (nothing is left), ErpBusy, ErpUnknown.
        """
        header = self._create_header(entry)
        path = f"{LINES}?cross-company=true"
        body = changeset(path, [self._line(entry, header, line) for line in entry.lines])
        answer = self._odata.call(
            "POST", "$batch", content=body, headers={"Content-Type": CONTENT_TYPE}
        )
        if answer.status not in {200, 202}:
            self._refuse(entry, header, answer.status, answer.json())
        found = answers(answer.headers.get("Content-Type", ""), answer.body)
        failed = next((one for one in found if one[0] != MADE), None)
        if failed is not None:
            self._refuse(entry, header, *failed)
        if len(found) != len(entry.lines):
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)

    def delete_all(self, entity: str, key: str) -> None:
        """Leave no journal with this key.

        Raises ErpUnknown when the ERP has posted one in the meantime (DUPLICATE), or does not
        delete it (DRAFT_LEFT): nothing may be sent then.
        """
        for header in self.headers(entity, key):
            if header.is_posted:
                raise ErpUnknown(Reason.DUPLICATE, "the journal was posted in the meantime")
            self._delete(entity, header)

    def _document(self, entity: str, header: Header) -> ErpDocument | None:
        company = literal(self._settings.company(entity))
        params = {
            "$filter": f"dataAreaId eq {company} and JournalBatchNumber eq"
            f" {literal(header.number)}",
            "$orderby": "LineNumber",
            **ALL_COMPANIES,
        }
        rows = list(self._odata.rows(LINES, params))
        return document_of(entity, header, rows, self._settings) if rows else None

    def _create_header(self, entry: JournalEntry) -> Header:
        content = {
            "dataAreaId": self._settings.company(entry.entity),
            "JournalName": self._settings.journal_name,
            "Description": description_of(entry),
        }
        answer = self._odata.call("POST", HEADERS, content=content, params=ALL_COMPANIES)
        if answer.status != MADE:
            if answer.status < 400:
                raise ErpUnknown(Reason.UNREADABLE_ANSWER)
            raise ErpRejected(reason_of(answer.json()))
        return header_of(answer.json())

    def _line(self, entry: JournalEntry, header: Header, line: JournalLine) -> Mapping[str, Any]:
        """Return a line as it is sent: no LineNumber, no Voucher, and one side only."""
        side = {"DebitAmount": line.debit} if line.debit else {"CreditAmount": line.credit}
        return {
            "dataAreaId": self._settings.company(entry.entity),
            "JournalBatchNumber": header.number,
            "AccountType": "Ledger",
            "AccountDisplayValue": self._settings.account_of(entry.entity, line),
            "TransDate": f"{entry.accounting_date.isoformat()}T12:00:00Z",
            "CurrencyCode": self._settings.currency,
            "Text": line.description,
            "Document": document_digest(entry.key),
            **side,
        }

    def _refuse(self, entry: JournalEntry, header: Header, status: int, body: Any) -> None:
        if not 400 <= status < 500:
            raise ErpUnknown(Reason.SERVER_ERROR)
        reason = reason_of(body)
        self._delete(entry.entity, header)
        raise ErpRejected(reason)

    def _delete(self, entity: str, header: Header) -> None:
        key = (
            f"dataAreaId={literal(self._settings.company(entity))},"
            f"JournalBatchNumber={literal(header.number)}"
        )
        answer = self._odata.call("DELETE", f"{HEADERS}({key})", params=ALL_COMPANIES)
        if answer.status not in {200, 204, NOT_FOUND}:
            raise ErpUnknown(Reason.DRAFT_LEFT)
