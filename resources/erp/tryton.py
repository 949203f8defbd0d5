"""Tryton behind the ERP protocol: exactly one posted document for each entry's key.

The key is the move's external reference, which Tryton's database keeps unique in a company. One
caller at a time per entity: Tryton numbers documents under a lock that it does not wait for.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

import stamina

from billing.ledger.capabilities import Capabilities, Idempotency
from billing.ledger.changes import ErpChange
from billing.ledger.erp import (
    DRAFT,
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
)
from resources.erp.tryton_answers import (
    CHANGE_FIELDS,
    FOREIGN_FIELDS,
    MOVE_FIELDS,
    Books,
    change_of,
    changed_from,
    document_of,
    line_of,
    outcomes,
    reason_of,
    says_the_same,
)
from resources.erp.tryton_http import (
    ANSWER_SECONDS,
    TrytonBusyError,
    TrytonClient,
    TrytonRefusedError,
)
from resources.erp.tryton_settings import TrytonSettings

MOVE = "account.move"
JOURNAL_CODE = "TIEOUT"
PERIOD_FIELDS = ("start_date", "end_date", "state")
ROUNDS = 3
DOCUMENTS_AT_ONCE = 100


class TrytonLedger:
    """The general ledger of each entity, spoken to as that entity's own user."""

    name = "tryton"
    capabilities = Capabilities(
        idempotency=Idempotency.UNIQUE_REFERENCE,
        is_post_atomic=False,
        read_back_key="external_reference of account.move",
        max_lines=10_000,
        quiescence=timedelta(minutes=2),
        period_error='a refusal of the field "period", or a message with "closed"',
        concurrent_requests=1,
        tells_changes=True,
    )

    def __init__(self, settings: TrytonSettings, answer_seconds: float = ANSWER_SECONDS) -> None:
        """`answer_seconds`: how long to wait before an outcome is unknown. Connects to nothing."""
        self._settings = settings
        self._answer_seconds = answer_seconds
        self._clients: dict[str, TrytonClient] = {}
        self._books: dict[str, Books] = {}

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Return the document with this key, draft or posted. Raises ErpUnknown, ErpRejected."""
        domain = [self._company_is(entity), ["external_reference", "=", key]]
        with outcomes():
            rows = self._client(entity).read(MOVE, domain, MOVE_FIELDS)
        return document_of(rows[0]) if rows else None

    def post(self, entry: JournalEntry) -> ErpDocument:
        """Have exactly one posted document for the entry's key and return it as read back.

        A posted one is returned as it is; a draft that an interrupted attempt left is posted, or
        replaced when it says something else. Raises ErpRejected (nothing is left), ErpUnknown.
        """
        with outcomes():
            reference, state = self._placed(entry)
            if state == DRAFT:
                self._post_draft(entry, reference)
        document = self.find(entry.entity, entry.key)
        if document is None or document.state != POSTED:
            raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING)
        return document

    def periods(self, entity: str) -> list[ErpPeriod]:
        """Return the months of all fiscal years, oldest first. Raises ErpUnknown, ErpRejected."""
        domain = [self._company_is(entity), ["type", "=", "standard"]]
        with outcomes():
            rows = self._client(entity).read("account.period", domain, PERIOD_FIELDS)
        found = [
            ErpPeriod(
                entity, row["start_date"], row["end_date"], str(row["id"]), row["state"] == "open"
            )
            for row in rows
        ]
        return sorted(found, key=lambda period: period.start)

    def balances(self, entity: str, as_of: date) -> dict[str, Decimal]:
        """Return each account's balance as Tryton computes it, posted documents of all years.

        Debit positive. Raises ErpUnknown, also when no fiscal year holds `as_of`: Tryton would
        answer zero then.
        """
        if not any(period.start <= as_of <= period.end for period in self.periods(entity)):
            raise ErpUnknown(Reason.OTHER, "no fiscal year of the ERP holds the as-of date")
        context = {"company": self._settings.company(entity), "posted": True, "date": as_of}
        domain = [self._company_is(entity), ["type", "!=", None]]
        with outcomes():
            rows = self._client(entity).read(
                "account.account", domain, ("code", "balance"), context
            )
        balances: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            balances[row["code"]] += row["balance"]
        return dict(balances)

    def accounts(self, entity: str) -> list[ErpAccount]:
        """Return the company's accounts, closed ones too. Raises ErpUnknown, ErpRejected."""
        domain = [self._company_is(entity), ["type", "!=", None]]
        with outcomes():
            rows = self._client(entity).read("account.account", domain, ("code", "closed"))
        return [ErpAccount(entity, row["code"], not row["closed"]) for row in rows]

    def segments(self, entity: str) -> list[ErpSegment]:
        """Return nothing: dimensions stand in the descriptions of lines, Tryton has none here."""
        del entity
        return []

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """Return posted lines on the accounts, whoever made them. Raises as `find`."""
        return self._lines(entity, accounts, since)

    def changes(self, entity: str, since: datetime | None) -> list[ErpChange]:
        """Return posted documents by their last change. Raises as `find`."""
        domain = [self._company_is(entity), ["state", "=", POSTED], *changed_from(since)]
        with outcomes():
            rows = self._client(entity).read(MOVE, domain, CHANGE_FIELDS)
        return [change_of(row) for row in rows]

    def lines_of(
        self, entity: str, accounts: Sequence[str], since: date, references: Sequence[str]
    ) -> list[ErpLine]:
        """Return posted lines of these documents on the accounts. Raises as `find`."""
        found: list[ErpLine] = []
        for first in range(0, len(references), DOCUMENTS_AT_ONCE):
            moves = [int(one) for one in references[first : first + DOCUMENTS_AT_ONCE]]
            found += self._lines(entity, accounts, since, ["move", "in", moves])
        return found

    def _lines(
        self, entity: str, accounts: Sequence[str], since: date, *conditions: object
    ) -> list[ErpLine]:
        domain = [
            ["move.company", "=", self._settings.company(entity)],
            ["move.state", "=", POSTED],
            ["move.date", ">=", since],
            ["account.code", "in", list(accounts)],
            *conditions,
        ]
        with outcomes():
            rows = self._client(entity).read("account.move.line", domain, FOREIGN_FIELDS)
        return [line_of(entity, row) for row in rows]

    def _placed(self, entry: JournalEntry) -> tuple[str, str]:
        """Return reference and state of the one document with the entry's key, made if need be."""
        for _ in range(ROUNDS):
            found = self.find(entry.entity, entry.key)
            if found is None:
                reference = self._create(entry)
                if reference is not None:
                    return reference, DRAFT
            elif found.state == POSTED or says_the_same(entry, found):
                return found.reference, found.state
            else:
                self._discard(entry.entity, found.reference)
        raise ErpUnknown(Reason.DUPLICATE, "somebody else keeps changing the document of this key")

    def _create(self, entry: JournalEntry) -> str | None:
        """Return the new draft's reference; None when somebody else was first."""
        values = self._values(entry)
        try:
            return self._client(entry.entity).create(MOVE, values)
        except TrytonRefusedError as refusal:
            if reason_of(refusal) is Reason.DUPLICATE:
                return None
            raise

    def _post_draft(self, entry: JournalEntry, reference: str) -> None:
        """Post a draft. Busy is tried again: posting what is posted is refused, never repeated."""
        client = self._client(entry.entity)
        try:
            for attempt in stamina.retry_context(
                on=TrytonBusyError, attempts=20, timeout=self._answer_seconds, wait_initial=0.05,
                wait_max=1.0,
            ):  # fmt: skip
                with attempt:
                    client.act(MOVE, reference, "post")
        except TrytonRefusedError as refusal:
            found = self.find(entry.entity, entry.key)
            if found is not None and found.state == POSTED:
                return
            if found is not None and not self._discard(entry.entity, found.reference):
                raise ErpUnknown(Reason.DRAFT_LEFT) from None
            raise ErpRejected(reason_of(refusal)) from None

    def _discard(self, entity: str, reference: str) -> bool:
        """Delete a draft; False when it could not be deleted, say because it is posted by now."""
        try:
            self._client(entity).delete(MOVE, reference)
        except TrytonRefusedError as refusal:
            return refusal.status == 404
        return True

    def _values(self, entry: JournalEntry) -> dict[str, object]:
        books = self._books_for(entry)
        period = books.period(entry.accounting_date)
        if period is None:
            raise ErpRejected(Reason.PERIOD_CLOSED, "the ERP has no period for the accounting date")
        if not books.has(entry):
            raise ErpRejected(Reason.ACCOUNT_UNKNOWN, "an account is missing, closed or not unique")
        lines = [
            {
                "account": books.accounts[line.account],
                "debit": line.debit,
                "credit": line.credit,
                "description": line.description,
            }
            for line in entry.lines
        ]
        return {
            "company": self._settings.company(entry.entity),
            "journal": books.journal,
            "period": int(period.reference),
            "date": entry.accounting_date,
            "description": entry.description,
            "external_reference": entry.key,
            "lines": [["create", lines]],
        }

    def _books_for(self, entry: JournalEntry) -> Books:
        """Return what is known of the company, read again when the entry names something new."""
        known = self._books.get(entry.entity)
        if known is None or not known.has(entry):
            known = self._books[entry.entity] = self._read_books(entry.entity)
        return known

    def _read_books(self, entity: str) -> Books:
        client = self._client(entity)
        journals = client.read("account.journal", [["code", "=", JOURNAL_CODE]], ("id",))
        domain = [self._company_is(entity), ["type", "!=", None], ["closed", "!=", True]]
        ids: defaultdict[str, list[int]] = defaultdict(list)
        for row in client.read("account.account", domain, ("code",)):
            ids[row["code"]].append(row["id"])
        if not journals:
            raise ErpRejected(Reason.ACCESS, "the ERP shows this user no journal of ours")
        accounts = {code: found[0] for code, found in ids.items() if len(found) == 1}
        return Books(journals[0]["id"], accounts, tuple(self.periods(entity)))

    def _client(self, entity: str) -> TrytonClient:
        if entity not in self._clients:
            url, key = self._settings.url, self._settings.key(entity)
            self._clients[entity] = TrytonClient(url, key, self._answer_seconds)
        return self._clients[entity]

    def _company_is(self, entity: str) -> list[object]:
        return ["company", "=", self._settings.company(entity)]
