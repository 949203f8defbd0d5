"""The collections that a Dynamics 365 Finance shows, as rows of each company or of all.

Only how they look; queries are answered in `dynamics_finance.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.erp.books import Company
from sandbox.erp.dynamics_finance_journals import Journal, Journals, Setup

CHART = "Shared"
# Of collections that can be empty: what can be asked for there all the same.
FIELDS = {
    "LedgerJournalHeaders": frozenset(
        {"dataAreaId", "JournalBatchNumber", "JournalName", "Description", "IsPosted"}
    ),
    "LedgerJournalLines": frozenset({"dataAreaId", "JournalBatchNumber", "LineNumber", "Document"}),
    "GeneralJournalEntryBiEntities": frozenset(
        {"SourceKey", "AccountingDate", "SubledgerVoucherDataAreaId", "DocumentNumber"}
    ),
    "GeneralJournalAccountEntryBiEntities": frozenset({"GeneralJournalEntry", "AccountingDate"}),
}


def stamp(day: date) -> str:
    """Return a date as the service writes it."""
    return f"{day.isoformat()}T12:00:00Z"


def header_row(area: str, journal: Journal) -> dict[str, Any]:
    """Return a journal as it is shown."""
    return {
        "dataAreaId": area,
        "JournalBatchNumber": journal.number,
        "JournalName": journal.name,
        "Description": journal.description,
        "PostingLayer": "Current",
        "IsPosted": "Yes" if journal.is_posted else "No",
        "JournalTotalDebit": sum((one.values["DebitAmount"] for one in journal.lines), Decimal(0)),
        "JournalTotalCredit": sum(
            (one.values["CreditAmount"] for one in journal.lines), Decimal(0)
        ),
        "AccountingCurrency": "USD",
        "IntegrationKey": "",
    }


def headers(of: Journals) -> list[dict[str, Any]]:
    """Return the journals of one company."""
    return [header_row(of.area, journal) for journal in of.all.values()]


def lines(of: Journals) -> list[dict[str, Any]]:
    """Return the lines of all journals of one company."""
    return [line.values for journal in of.all.values() for line in journal.lines]


def accounts(company: Company) -> list[dict[str, Any]]:
    """Return the main accounts of the shared chart."""
    return [
        {
            "MainAccountId": number,
            "Name": f"Account {number}",
            "ChartOfAccounts": CHART,
            "IsSuspended": "No" if is_active else "Yes",
        }
        for number, is_active in company.accounts.items()
    ]


def dimension_values(company: Company) -> list[dict[str, Any]]:
    """Return the values of all financial dimensions."""
    return [
        {
            "FinancialDimension": name,
            "DimensionValue": value,
            "LegalEntityId": "",
            "IsSuspended": "No" if is_active else "Yes",
        }
        for name, values in company.segments.items()
        for value, is_active in values.items()
    ]


def periods(area: str, company: Company) -> list[dict[str, Any]]:
    """Return the periods of one company's ledger."""
    return [
        {
            "LegalEntityId": area,
            "PeriodName": f"{start:%Y-%m}",
            "PeriodStartDate": start,
            "PeriodEndDate": end,
            "PeriodStatus": "Open" if is_open else "Closed",
        }
        for start, end, is_open in company.months()
    ]


def entries(area: str, place: int, company: Company) -> list[dict[str, Any]]:
    """Return the posted entries of one company; `place` keeps their keys apart."""
    return [
        {
            "SourceKey": place * 1_000_000 + document.number,
            "JournalNumber": f"{document.number:010}",
            "AccountingDate": document.day,
            "SubledgerVoucher": f"V{document.number:07}",
            "SubledgerVoucherDataAreaId": area,
            "DocumentNumber": document.text if document.key else "",
        }
        for document in company.documents
        if document.is_posted
    ]


def account_entries(place: int, company: Company, setup: Setup) -> list[dict[str, Any]]:
    """Return the posted lines of one company: amounts are signed, debits positive."""
    return [
        {
            "GeneralJournalEntry": place * 1_000_000 + document.number,
            "AccountingDate": document.day,
            "LedgerAccount": setup.delimiter.join(
                {"MainAccount": line.account, **dict(line.segments)}.get(name, "")
                for name in setup.account_format
            ).rstrip(setup.delimiter),
            "IsCredit": "Yes" if line.credit else "No",
            "AccountingCurrencyAmount": line.debit - line.credit,
            "TransactionCurrencyAmount": line.debit - line.credit,
            "TransactionCurrencyCode": "USD",
            "Text": line.text,
        }
        for document, line in company.posted_lines()
    ]
