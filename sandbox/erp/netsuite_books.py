"""A NetSuite account on top of the books: internal ids, shared lists, periods of all subsidiaries.

How the account is spoken to is in the other modules of this name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from sandbox.erp.books import Company, Document

CLASSIFICATIONS = {"location": "location", "class": "classification", "department": "department"}


@dataclass
class NetsuiteBooks:
    """Subsidiaries by internal id. The chart, classifications and periods are the account's.

    What is inactive or closed in one subsidiary's books counts as such for all, as in NetSuite.
    """

    companies: dict[str, Company]
    requires_approval: bool = False  # preference "Require Approvals on Journal Entries"
    may_approve: bool = True  # permission "Journal Approval" of the integration's role
    max_lines: int = 200
    locked: set[date] = field(default_factory=set)  # first days of months locked for all
    deleted: set[str] = field(default_factory=set)  # internal ids
    posted_in: dict[str, date] = field(default_factory=dict)  # where not in the date's month
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)

    def internal_id(self, kind: str, name: str) -> str:
        """Return the internal id of an account or a segment, given when it is first asked for."""
        return self._ids.setdefault((kind, name), str(201 + len(self._ids)))

    def name_of(self, kind: str, internal_id: str) -> str | None:
        """Return the account's number or the segment's name; None where there is none."""
        listed = self.accounts() if kind == "account" else self.segments(kind)
        return next((name for found, name, _ in listed if found == internal_id), None)

    def accounts(self) -> list[tuple[str, str, bool]]:
        """Return (internal id, number, is active) of the chart."""
        found: dict[str, bool] = {}
        for company in self.companies.values():
            for number, is_active in company.accounts.items():
                found[number] = found.get(number, True) and is_active
        return [(self.internal_id("account", n), n, found[n]) for n in sorted(found)]

    def segments(self, classification: str) -> list[tuple[str, str, bool]]:
        """Return (internal id, name, is active) of location, class or department."""
        found: dict[str, bool] = {}
        for company in self.companies.values():
            for name, is_active in company.segments.get(classification, {}).items():
                found[name] = found.get(name, True) and is_active
        return [(self.internal_id(classification, n), n, found[n]) for n in sorted(found)]

    def periods(self) -> list[tuple[str, date, date, bool, bool]]:
        """Return (internal id, first day, last day, is closed, is locked) of the months."""
        companies = list(self.companies.values())
        return [
            (
                str(start.year * 12 + start.month),
                start,
                end,
                any(start in company.closed for company in companies),
                start in self.locked,
            )
            for start, end, _ in companies[0].months()
        ]

    def documents(self) -> Iterator[tuple[str, str, Document]]:
        """Yield (internal id, subsidiary, document) of all that are not deleted."""
        for subsidiary, company in self.companies.items():
            for document in company.documents:
                internal_id = self.document_id(subsidiary, document)
                if internal_id not in self.deleted:
                    yield internal_id, subsidiary, document

    def document(self, internal_id: str) -> tuple[str, Document] | None:
        """Return subsidiary and document of an internal id."""
        found = (one for one in self.documents() if one[0] == internal_id)
        return next(((subsidiary, document) for _, subsidiary, document in found), None)

    def document_id(self, subsidiary: str, document: Document) -> str:
        """Return the internal id of a document; it is unique in the account."""
        return str(int(subsidiary) * 1_000_000 + document.number)

    def posting_month(self, internal_id: str, document: Document) -> date:
        """Return the first day of the period that a document is posted in."""
        return self.posted_in.get(internal_id, document.day.replace(day=1))

    def has_external_id(self, key: str) -> bool:
        """Say whether a transaction has this external id; letters of both cases are the same."""
        return any(document.key.lower() == key.lower() for _, _, document in self.documents())
