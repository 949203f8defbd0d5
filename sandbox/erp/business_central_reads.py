"""The collections that a Business Central shows: its journals, entries and master data as rows.

Only how they look; queries are answered in `business_central.py`.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.erp.books import BookLine, Company
from sandbox.erp.business_central_journals import Journal, Journals, Line

NEVER = date(1, 1, 1)
ENTRY_PARENT = "General_x0020_Ledger_x0020_Entry"


def id_of(*parts: object) -> str:
    """Return the id that a record always has."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(str(part) for part in parts)))


def journal_row(journal: Journal) -> dict[str, Any]:
    """Return a journal as it is shown."""
    return {
        "@odata.etag": journal.etag,
        "id": journal.id,
        "code": journal.code,
        "displayName": journal.name,
        "templateDisplayName": "GENERAL",
        "lastModifiedDateTime": "2026-01-01T00:00:00Z",
        "balancingAccountId": "00000000-0000-0000-0000-000000000000",
        "balancingAccountNumber": "",
    }


def line_row(journal: Journal, line: Line, *, is_expanded: bool) -> dict[str, Any]:
    """Return a journal line as it is shown."""
    row = {
        "@odata.etag": f'W/"{line.id}"',
        "id": line.id,
        "journalId": journal.id,
        "journalDisplayName": journal.code,
        "accountType": "G_x002F_L_x0020_Account",
        **line.values,
    }
    if is_expanded:
        row["dimensionSetLines"] = dimension_rows(line.id, "Journal_x0020_Line", line.dimensions)
    return row


def dimension_rows(parent: str, kind: str, values: dict[str, str]) -> list[dict[str, Any]]:
    """Return the dimension values of a line or an entry."""
    return [
        {
            "id": id_of("dimension", code),
            "code": code,
            "parentId": parent,
            "parentType": kind,
            "displayName": code.title(),
            "valueId": id_of("value", code, value),
            "valueCode": value,
            "valueDisplayName": value,
        }
        for code, value in values.items()
    ]


def entries(company: Company, *, is_expanded: bool) -> list[dict[str, Any]]:
    """Return all G/L entries, in the order in which they were posted."""
    return [
        _entry(number, document.key, document.day, line, is_expanded)
        for number, (document, line) in enumerate(company.posted_lines(), start=1)
    ]


def _entry(
    number: int, document: str, day: date, line: BookLine, is_expanded: bool
) -> dict[str, Any]:
    entry_id = id_of("entry", number)
    row: dict[str, Any] = {
        "id": entry_id,
        "entryNumber": number,
        "postingDate": day,
        "documentNumber": document,
        "documentType": "_x0020_",
        "accountId": id_of("account", line.account),
        "accountNumber": line.account,
        "description": line.text,
        "debitAmount": line.debit or Decimal(0),
        "creditAmount": line.credit or Decimal(0),
        "lastModifiedDateTime": "2026-01-01T00:00:00Z",
    }
    if is_expanded:
        row["dimensionSetLines"] = dimension_rows(entry_id, ENTRY_PARENT, dict(line.segments))
    return row


def accounts(company: Company) -> list[dict[str, Any]]:
    """Return the chart of accounts, with a heading that nobody posts to."""
    heading = [("1000", True, "Heading")] if "1000" not in company.accounts else []
    all_of = [*heading, *((number, on, "Posting") for number, on in company.accounts.items())]
    return [
        {
            "id": id_of("account", number),
            "number": number,
            "displayName": f"Account {number}",
            "category": "Assets",
            "subCategory": "",
            "blocked": not is_active,
            "accountType": kind,
            "directPosting": kind == "Posting",
            "netChange": Decimal(0),
        }
        for number, is_active, kind in all_of
    ]


def dimensions(company: Company) -> list[dict[str, Any]]:
    """Return the dimensions with their values."""
    return [
        {
            "id": id_of("dimension", code),
            "code": code,
            "displayName": code.title(),
            "dimensionValues": [
                {"id": id_of("value", code, value), "code": value, "displayName": value}
                for value in values
            ],
        }
        for code, values in company.segments.items()
    ]


def periods(company: Company) -> list[dict[str, Any]]:
    """Return the accounting periods: each month, and the first one of the year to come."""
    starts = [start for start, _, _ in company.months()]
    after = (company.last + timedelta(days=1)).replace(day=1)
    return [
        {
            "id": id_of("period", start),
            "startingDate": start,
            "name": f"{start:%B}",
            "newFiscalYear": start.month == 1,
            "closed": False,
            "dateLocked": False,
        }
        for start in [*starts, after]
    ]


def setup(company: Company) -> list[dict[str, Any]]:
    """Return the ledger's setup: posting is allowed from the first month that is open."""
    opened = [start for start, _, is_open in company.months() if is_open]
    return [
        {
            "id": id_of("setup"),
            "allowPostingFrom": opened[0] if company.closed else NEVER,
            "allowPostingTo": NEVER,
            "localCurrencyCode": "USD",
        }
    ]


def journals(of: Journals) -> list[dict[str, Any]]:
    """Return the journals of the default template."""
    return [journal_row(journal) for journal in of.all.values()]
