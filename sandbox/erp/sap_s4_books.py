"""The company codes of the sandbox's S/4HANA: books, and what SAP keeps beside them.

How they are spoken to is in `sap_s4.py` (SOAP) and `sap_s4_odata.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sandbox.erp.books import BookLine, Company, Document

FIRST_NUMBER = 100_000_000
UNTIL = date(9999, 12, 31)


@dataclass
class CompanyCode:
    """One company code: its books, and the names of its chart and controlling area.

    `headers` and `assignments` are by the number of a document in the books; a document that
    somebody entered by hand has neither.
    """

    code: str
    chart: str
    controlling_area: str
    books: Company
    currency: str = "USD"
    headers: dict[int, dict[str, str]] = field(default_factory=dict)
    assignments: dict[int, list[str]] = field(default_factory=dict)
    reversals: set[int] = field(default_factory=set)

    def post(
        self, header: dict[str, str], day: date, lines: list[BookLine], assignments: list[str]
    ) -> str:
        """Post a document and return its number of ten digits. Raises RefusedError."""
        kept = {name: header.get(name, "").upper() for name in UPPER}
        text = header.get("DocumentHeaderText", "")
        key = kept["Reference1InDocumentHeader"] + kept["Reference2InDocumentHeader"]
        document = self.books.add(key, day, text, lines, is_posted=True)
        self.headers[document.number] = kept
        self.assignments[document.number] = assignments
        return f"{FIRST_NUMBER + document.number:010d}"

    def reverse(self, document: Document) -> None:
        """Reverse a document as a person does in SAP: the references go along."""
        lines = [BookLine(x.account, x.credit, x.debit, x.text, x.segments) for x in document.lines]
        made = self.books.add(document.key, document.day, document.text, lines, is_posted=True)
        self.headers[made.number] = dict(self.headers.get(document.number, {}))
        self.reversals.add(made.number)

    def items(self) -> list[dict[str, Any]]:
        """Return every item of every document as the item cube has it; days are days here."""
        return [
            self._item(document, number, line)
            for document in self.books.documents
            for number, line in enumerate(document.lines, start=1)
        ]

    def _item(self, document: Document, number: int, line: BookLine) -> dict[str, Any]:
        segments = dict(line.segments)
        amount = line.debit - line.credit
        header = self.headers.get(document.number, {})
        assigned = self.assignments.get(document.number, [])
        by_sort_key = f"{document.day:%Y%m%d}"  # what an empty assignment is filled with
        return {
            "CompanyCode": self.code,
            "FiscalYear": f"{document.day:%Y}",
            "AccountingDocument": str(FIRST_NUMBER + document.number),
            "AccountingDocumentItem": f"{number:03d}",
            "AccountingDocumentCategory": "" if document.is_posted else "V",
            "ChartOfAccounts": self.chart,
            "PostingDate": document.day,
            "DocumentDate": document.day,
            "FiscalPeriod": f"0{document.day:%m}",
            "GLAccount": line.account,
            "DebitCreditCode": "S" if amount > 0 else "H",
            "AmountInTransactionCurrency": amount,
            "TransactionCurrency": self.currency,
            "AmountInCompanyCodeCurrency": amount,
            "CompanyCodeCurrency": self.currency,
            "DocumentItemText": line.text,
            "AssignmentReference": (assigned[number - 1] if assigned else "") or by_sort_key,
            "ProfitCenter": segments.get("ProfitCenter", ""),
            "Segment": segments.get("Segment", ""),
            "FunctionalArea": segments.get("FunctionalArea", ""),
            "AccountingDocumentHeaderText": document.text,
            "IsReversal": document.number in self.reversals,
            **{name: header.get(name, "") for name in UPPER},
        }

    def accounts(self) -> list[dict[str, Any]]:
        """Return the accounts of the chart."""
        return [
            {
                "ChartOfAccounts": self.chart,
                "GLAccount": account,
                "AccountIsBlockedForPosting": not is_active,
                "AccountIsMarkedForDeletion": False,
            }
            for account, is_active in self.books.accounts.items()
        ]

    def values(self, name: str) -> list[dict[str, Any]]:
        """Return the values of an account assignment."""
        held = self.books.segments.get(name, {})
        if name != "ProfitCenter":
            return [{name: value} for value in held]
        return [
            {
                "ControllingArea": self.controlling_area,
                "ProfitCenter": value.zfill(10) if value.isdecimal() else value,
                "ValidityStartDate": date(2020, 1, 1),
                "ValidityEndDate": UNTIL if is_active else date(2020, 12, 31),
            }
            for value, is_active in held.items()
        ]


# Fields that SAP keeps in capitals.
UPPER = ("DocumentReferenceID", "Reference1InDocumentHeader", "Reference2InDocumentHeader")
