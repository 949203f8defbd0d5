"""One look at the folders of an entity: what became of each entry, and what contradicts what."""

from dataclasses import dataclass

from billing.ledger.erp import CREATED, DRAFT, POSTED, ErpDocument, ErpLine
from billing.ledger.segments import SegmentMap
from resources.erp.journal_file_answers import (
    Answers,
    Confirmation,
    Mismatch,
    Rejection,
    Rule,
    in_ascii,
)
from resources.erp.journal_file_entry import DATA_END, is_key, own_lines
from resources.erp.journal_file_lists import ListedLine
from resources.erp.journal_file_record import MismatchError, Record, Written


@dataclass(frozen=True)
class Fate:
    """What became of a written file: confirmed, rejected, or neither yet."""

    written: Written
    confirmation: Confirmation | None
    rejection: Rejection | None

    @property
    def state(self) -> str:
        """Return posted, created (it waits for its person) or draft (its writer was killed)."""
        if self.confirmation is not None:
            return POSTED
        return CREATED if self.written.is_complete or self.written.is_offered else DRAFT

    def document(self, segments: SegmentMap) -> ErpDocument:
        """Return the file as a document; once confirmed, dated and numbered as the ERP has it."""
        entry, confirmed = self.written.entry, self.confirmation
        return ErpDocument(
            reference=f"{self.written.name}{DATA_END}",
            number=confirmed.number if confirmed else "",
            key=entry.key,
            state=self.state,
            accounting_date=confirmed.posting_date if confirmed else entry.accounting_date,
            lines=own_lines(entry, segments),
            description=entry.description,
        )


class View:
    """What record and answers say together. Methods raise MismatchError and OSError."""

    def __init__(self, record: Record, answers: Answers) -> None:
        """Both were read of the same entity, now."""
        self._record, self._answers = record, answers

    @property
    def has_unreadable_answers(self) -> bool:
        """Say whether an answer lies there that may be about anything."""
        return bool(self._answers.unreadable)

    def fate(self, key: str) -> Fate | None:
        """Return what became of a key, None when it was never written."""
        written = self._record.find(key)
        if written is None:
            if key in self._answers.keys:
                raise MismatchError(Mismatch(Rule.NEVER_WRITTEN, key))
            return None
        confirmed = self._answers.confirmation(key, written.totals)
        if isinstance(confirmed, Mismatch):
            raise MismatchError(confirmed)
        rejected = None if confirmed else self._answers.rejection(key)
        return Fate(written, confirmed, rejected)

    def mismatches(self) -> list[Mismatch]:
        """Return everything that a person has to put right, in the order of rules and names."""
        found = [*self._answers.unreadable, *self._record.lost()]
        for key in {*self._record.keys(), *self._answers.keys}:
            try:
                if is_key(key):
                    self.fate(key)
                else:
                    found.append(Mismatch(Rule.CHANGED, in_ascii(key)))
            except MismatchError as wrong:
                found.append(wrong.mismatch)
        return sorted(set(found), key=lambda one: (one.rule, one.name))

    def posted(self) -> list[Fate]:
        """Return all confirmed files. One mismatch of any key makes them uncertain."""
        for wrong in self.mismatches():
            raise MismatchError(wrong)
        fates = (self.fate(key) for key in sorted(self._record.keys()))
        return [fate for fate in fates if fate is not None and fate.confirmation is not None]


def posted_lines(
    entity: str, fates: list[Fate], listed: list[ListedLine], segments: SegmentMap
) -> list[ErpLine]:
    """Return our confirmed lines, and those of others that the general ledger lists."""
    ours = [fate.document(segments) for fate in fates]
    numbers = {document.number for document in ours}
    found = [
        ErpLine(
            entity, document.reference, document.key, document.accounting_date, line.account,
            line.debit, line.credit,
        )
        for document in ours
        for line in document.lines
    ]  # fmt: skip
    return found + [
        ErpLine(
            entity, line.number, "", line.day, segments.own_account(entity, line.account),
            line.debit, line.credit,
        )
        for line in listed
        if line.number not in numbers
    ]  # fmt: skip
