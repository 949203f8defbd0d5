"""What Business Central's answers mean: documents, journals, and refusals in our words.

Pure reading of answers; the calls are in `business_central_client.py` and `business_central.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.ledger.erp import (
    DRAFT,
    POSTED,
    ErpDocument,
    ErpUnknown,
    JournalLine,
    Reason,
)
from billing.ledger.segments import SegmentMap
from resources.erp.business_central_names import document_number, unmarked
from resources.erp.odata import amount, day

SAME_KEY = "Internal_EntityWithSameKeyExists"
CHANGED = "Request_EntityChanged"
GONE = frozenset({"Internal_RecordNotFound", "BadRequest_NotFound"})
UNCLEAR = ("Internal_ServerError", "Internal_TenantUnavailable", "Internal_CompanyNotFound")

# The end of a sentence of the English client, in small letters, and what it means. First match.
TEXTS: tuple[tuple[str, Reason], ...] = (
    ("is not within your range of allowed posting dates", Reason.PERIOD_CLOSED),
    ("is out of balance by", Reason.UNBALANCED),
    ("are out of balance by", Reason.UNBALANCED),
    ("blocked must be equal to 'no'", Reason.ACCOUNT_UNKNOWN),
    ("direct posting must be equal to 'yes'", Reason.ACCOUNT_UNKNOWN),
    ('the "accountnumber" does not match to an account', Reason.ACCOUNT_UNKNOWN),
    ("cannot be found in the related table (g/l account)", Reason.ACCOUNT_UNKNOWN),
    ("does not match to a dimension", Reason.MAPPING),
    ("the combination of dimensions used in", Reason.MAPPING),
    ("a dimension used in", Reason.MAPPING),
    ("but it must be less than or equal to", Reason.TOO_LARGE),
    ("you do not have the following permissions", Reason.ACCESS),
)


@dataclass(frozen=True)
class Refusal:
    """A refused request: the family of its code, and its message, which is never shown."""

    status: int
    code: str
    message: str

    @property
    def reason(self) -> Reason:
        """Our word for it, by the code where it says enough, else by the message."""
        if self.code.startswith(("Authentication_", "Authorization_")):
            return Reason.ACCESS
        if self.code == SAME_KEY:
            return Reason.DUPLICATE
        said = self.message.lower()
        return next((reason for text, reason in TEXTS if text in said), Reason.OTHER)

    @property
    def is_unclear(self) -> bool:
        """Whether the ERP failed, rather than said no."""
        return self.status >= 500 or self.code in UNCLEAR


def refusal_of(status: int, body: Any) -> Refusal:
    """Return what an error body says. Raises ErpUnknown when it is none that is documented."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or "code" not in error:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return Refusal(status, str(error["code"]), str(error.get("message", "")))


@dataclass(frozen=True)
class Journal:
    """The journal of one key. `etag` changes whenever anybody writes to it: our fence.

    Its name is the key and what became of it: `draft` with the number of writes, or `posted`.
    """

    id: str
    name: str
    etag: str

    def is_of(self, key: str) -> bool:
        """Say whether this is the key's journal, and not another one with the same code."""
        return self.name.split(" ")[0] == key

    def is_posted(self, key: str) -> bool:
        """Say whether the journal was posted, for good."""
        return self.name == posted_name(key)

    def next_name(self, key: str) -> str:
        """Return the name after one more write: it must differ, or nothing would change."""
        count = self.name.rsplit(" ", maxsplit=1)[-1]
        return draft_name(key, int(count) + 1 if count.isdigit() else 1)


def draft_name(key: str, count: int) -> str:
    """Return the name of a journal that is not posted, after so many writes."""
    return f"{key} draft {count}"


def posted_name(key: str) -> str:
    """Return the name of a journal that is posted."""
    return f"{key} posted"


def journal_of(row: Mapping[str, Any]) -> Journal:
    """Return a journal as it was read. Raises ErpUnknown."""
    try:
        return Journal(str(row["id"]), str(row["displayName"]), str(row["@odata.etag"]))
    except KeyError:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None


@dataclass(frozen=True)
class Reader:
    """Reads lines of one entity back into our names."""

    entity: str
    segments: SegmentMap
    dimensions: Mapping[str, str]

    def draft(self, key: str, rows: Sequence[dict[str, Any]]) -> ErpDocument:
        """Return the lines of a journal that is not posted as a document. Raises ErpUnknown."""
        rows = sorted(rows, key=lambda row: int(row["lineNumber"]))
        amounts = [amount(row["amount"]) for row in rows]
        sides = [(max(one, Decimal(0)), max(-one, Decimal(0))) for one in amounts]
        return self._document(key, DRAFT, rows, sides)

    def posted(self, key: str, rows: Sequence[dict[str, Any]]) -> ErpDocument:
        """Return G/L entries of one document number as a document. Raises ErpUnknown."""
        rows = sorted(rows, key=lambda row: int(row["entryNumber"]))
        sides = [(amount(row["debitAmount"]), amount(row["creditAmount"])) for row in rows]
        return self._document(key, POSTED, rows, sides)

    def _document(
        self,
        key: str,
        state: str,
        rows: Sequence[dict[str, Any]],
        sides: Sequence[tuple[Decimal, Decimal]],
    ) -> ErpDocument:
        lines = [
            self._line(number, row, *side)
            for number, (row, side) in enumerate(zip(rows, sides, strict=True), start=1)
        ]
        there = {key_of(row) for row in rows}
        days = {day(row["postingDate"]) for row in rows}
        if len(days) != 1:
            raise ErpUnknown(Reason.DUPLICATE, "one document number stands on several days")
        return ErpDocument(
            reference=reference_of(self.entity, rows[0]),
            number=str(rows[0]["documentNumber"]),
            key=key if there == {key} else "",
            state=state,
            accounting_date=days.pop(),
            lines=tuple(lines),
        )

    def _line(
        self, number: int, row: dict[str, Any], debit: Decimal, credit: Decimal
    ) -> JournalLine:
        found = {one["code"]: one["valueCode"] for one in row.get("dimensionSetLines", [])}
        values = {
            ours: self.segments.own_value(self.entity, ours, str(found[theirs]))
            for ours, theirs in self.dimensions.items()
            if theirs in found
        }
        return JournalLine(
            line_no=number,
            account=self.segments.own_account(self.entity, str(row["accountNumber"])),
            debit=debit,
            credit=credit,
            description=unmarked(str(row["description"]))[0],
            **values,
        )


def reference_of(entity: str, row: Mapping[str, Any]) -> str:
    """Return what names a line's document in all companies: their numbers repeat."""
    return f"{entity}/{row['documentNumber']}"


def key_of(row: Mapping[str, Any]) -> str:
    """Return the key of a line: empty where its document number is not that key's."""
    _, key = unmarked(str(row["description"]))
    return key if key and document_number(key) == row["documentNumber"] else ""
