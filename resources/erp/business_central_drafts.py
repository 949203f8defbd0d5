"""The journals of Business Central that hold an entry before it is posted, and their posting.

Every batch begins with a change of the journal under If-Match, so that of two writers one loses
as a whole. What is posted already is looked up in `business_central.py`.
"""

from collections.abc import Callable
from typing import Any

from billing.ledger.erp import (
    ErpDocument,
    ErpRejected,
    ErpUnknown,
    JournalEntry,
    JournalLine,
    Reason,
    compare,
)
from billing.ledger.segments import UnmappedSegmentError
from resources.erp.business_central_answers import (
    CHANGED,
    GONE,
    SAME_KEY,
    Journal,
    Reader,
    draft_name,
    journal_of,
    posted_name,
)
from resources.erp.business_central_client import (
    MOST_OPERATIONS,
    BusinessCentralClient,
    Operation,
    RefusedError,
)
from resources.erp.business_central_names import document_number, journal_code, marked
from resources.erp.business_central_settings import BusinessCentralSettings
from resources.erp.odata import ODataClient, literal

ROUNDS = 6
SOMEBODY_ELSE = {CHANGED, SAME_KEY, *GONE}
NOT_POSTED = ["the document is not posted"]


class BusinessCentralDrafts:
    """The journals of all keys in one environment."""

    def __init__(self, settings: BusinessCentralSettings, odata: ODataClient) -> None:
        """Reads nothing yet."""
        self._settings, self._odata = settings, odata
        self._client = BusinessCentralClient(odata)

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Return the draft with this key; None when it has no lines. Raises ErpUnknown."""
        journal = self._journal(entity, key)
        return None if journal is None else self._draft(entity, key, journal)

    def written(self, entry: JournalEntry) -> Journal | None:
        """Return the journal that holds exactly this entry; None when it is posted by now.

        Raises ErpRejected (nothing is left), ErpBusy, ErpUnknown.
        """
        contents = contents_of(entry, self._settings)
        for _ in range(ROUNDS):
            journal = self._journal(entry.entity, entry.key)
            if journal is None:
                self._write(entry, lambda: self._create(entry))
            elif journal.is_posted(entry.key):
                return None
            else:
                draft = self._draft(entry.entity, entry.key, journal)
                if draft is not None and _says_the_same(entry, draft):
                    return journal
                self._replace(entry, journal, draft, contents)
        raise ErpUnknown(Reason.DUPLICATE, "somebody else keeps changing the journal of this key")

    def post(self, entry: JournalEntry, journal: Journal) -> Reason | None:
        """Post a journal as it was read; return why not, None when it is posted.

        DUPLICATE: somebody else wrote to it in the meantime. Raises ErpBusy, ErpUnknown.
        """
        path = self._path(entry.entity, journal)
        operations = [
            Operation("PATCH", path, {"displayName": posted_name(entry.key)}, journal.etag),
            Operation("POST", f"{path}/Microsoft.NAV.post"),
        ]
        try:
            self._client.together(operations)
        except RefusedError as refused:
            lost = refused.refusal.code in SOMEBODY_ELSE
            return Reason.DUPLICATE if lost else refused.refusal.reason
        return None

    def discard(self, entry: JournalEntry) -> None:
        """Leave nothing of a draft. Raises ErpUnknown (DRAFT_LEFT) when somebody holds it."""
        journal = self._journal(entry.entity, entry.key)
        if journal is None:
            return
        if journal.is_posted(entry.key):
            raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING)
        try:
            self._delete(entry, journal)
        except RefusedError:
            raise ErpUnknown(Reason.DRAFT_LEFT) from None

    def _journal(self, entity: str, key: str) -> Journal | None:
        path = f"{self._settings.company(entity)}/journals"
        params = {"$filter": f"code eq {literal(journal_code(key))}"}
        found = [journal_of(row) for row in self._odata.rows(path, params)]
        if found and not found[0].is_of(key):
            raise ErpRejected(Reason.DUPLICATE, "another journal has the code of this key")
        return found[0] if found else None

    def _draft(self, entity: str, key: str, journal: Journal) -> ErpDocument | None:
        path = f"{self._path(entity, journal)}/journalLines"
        rows = list(self._odata.rows(path, {"$expand": "dimensionSetLines"}))
        reader = Reader(entity, self._settings.segments, self._settings.dimensions)
        return reader.draft(key, rows) if rows else None

    def _replace(
        self,
        entry: JournalEntry,
        journal: Journal,
        draft: ErpDocument | None,
        contents: "Contents",
    ) -> None:
        if draft is None:
            self._write(entry, lambda: self._fill(entry, journal, contents))
        else:
            self._write(entry, lambda: self._delete(entry, journal))

    def _write(self, entry: JournalEntry, act: Callable[[], object]) -> None:
        """Do one write. Who comes second looks again; who is refused leaves nothing."""
        try:
            act()
        except RefusedError as refused:
            if refused.refusal.code in SOMEBODY_ELSE:
                return
            self.discard(entry)
            raise ErpRejected(refused.refusal.reason) from None

    def _create(self, entry: JournalEntry) -> None:
        content = {"code": journal_code(entry.key), "displayName": draft_name(entry.key, 0)}
        path = f"{self._settings.company(entry.entity)}/journals"
        self._client.write(Operation("POST", path, content))

    def _delete(self, entry: JournalEntry, journal: Journal) -> None:
        """Delete a journal and, by that, its lines."""
        self._client.write(
            Operation("DELETE", self._path(entry.entity, journal), None, journal.etag)
        )

    def _fill(self, entry: JournalEntry, journal: Journal, contents: "Contents") -> None:
        path = f"{self._path(entry.entity, journal)}/journalLines"
        lines = [Operation("POST", path, content) for content, _ in contents]
        journal, made = self._fenced(entry, journal, lines)
        values = [
            Operation("POST", f"{path}({row['id']})/dimensionSetLines", value)
            for row, (_, of_line) in zip(made, contents, strict=True)
            for value in of_line
        ]
        self._fenced(entry, journal, values)

    def _fenced(
        self, entry: JournalEntry, journal: Journal, operations: list[Operation]
    ) -> tuple[Journal, list[dict[str, Any]]]:
        """Send operations in batches behind the fence; return the journal as it is by then."""
        made: list[dict[str, Any]] = []
        room = MOST_OPERATIONS - 1
        for start in range(0, len(operations), room):
            rename = {"displayName": journal.next_name(entry.key)}
            fence = Operation("PATCH", self._path(entry.entity, journal), rename, journal.etag)
            moved, *bodies = self._client.together([fence, *operations[start : start + room]])
            journal = journal_of(moved)
            made += bodies
        return journal, made

    def _path(self, entity: str, journal: Journal) -> str:
        return f"{self._settings.company(entity)}/journals({journal.id})"


Contents = list[tuple[dict[str, Any], list[dict[str, str]]]]


def contents_of(entry: JournalEntry, settings: BusinessCentralSettings) -> Contents:
    """Return what each line is sent as, and its dimension values.

    Debits are positive amounts, credits negative ones. Raises ErpRejected (MAPPING, TOO_LARGE).
    """
    return [
        (
            {
                "lineNumber": line.line_no * 10000,
                "accountNumber": settings.segments.account(entry.entity, line.account),
                "postingDate": entry.accounting_date.isoformat(),
                "documentNumber": document_number(entry.key),
                "amount": line.debit - line.credit,
                "description": marked(line.description, entry.key),
                "comment": entry.description,
            },
            _values(entry.entity, line, settings),
        )
        for line in entry.lines
    ]


def _values(
    entity: str, line: JournalLine, settings: BusinessCentralSettings
) -> list[dict[str, str]]:
    values = []
    for ours, theirs in settings.dimensions.items():
        try:
            code = settings.segments.segment(entity, ours, getattr(line, ours))
        except UnmappedSegmentError:
            raise ErpRejected(Reason.MAPPING, f"a {ours} has no segment in the ERP") from None
        if code:
            values.append({"code": theirs, "valueCode": code})
    return values


def _says_the_same(entry: JournalEntry, draft: ErpDocument) -> bool:
    """Say whether posting this draft would give exactly the entry, its dimensions too."""
    same = [(one.facility, one.payer_class) for one in entry.lines] == [
        (one.facility, one.payer_class) for one in draft.lines
    ]
    return same and compare(entry, draft) == NOT_POSTED
