"""Writes the file of one entry, or takes up what an interrupted attempt left of it.

What must be so before anything is written is checked here too: names, size, period, accounts and
segments. How files come to be is in `journal_file_folder.py`.
"""

import errno
from dataclasses import dataclass

from billing.ledger.deadline import check_deadline
from billing.ledger.erp import ErpBusy, ErpRejected, ErpUnknown, JournalEntry, Reason
from billing.ledger.segments import UnmappedSegmentError
from resources.erp.journal_file_answers import AnswerReader
from resources.erp.journal_file_entry import renamed, rendered
from resources.erp.journal_file_folder import EntityFolders, entered, locked
from resources.erp.journal_file_lists import ListMissingError, Lists, read_lists
from resources.erp.journal_file_record import MismatchError, Record
from resources.erp.journal_file_settings import JournalFileSettings
from resources.erp.journal_file_view import Fate, View

CLOSED = {errno.EROFS, errno.EPERM, errno.EOPNOTSUPP}  # the last two: no hard links here


@dataclass(frozen=True)
class Writer:
    """The one who writes: one at a time for each entity, on all machines that share the folder."""

    settings: JournalFileSettings
    answers: AnswerReader
    wait_seconds: float

    def bring_out(self, entry: JournalEntry) -> None:
        """Have the file of an entry offered, or taken away again where it was rejected.

        Raises ErpRejected or ErpBusy when nothing is written, ErpUnknown when a part of it may be.
        """
        theirs = self._in_their_names(entry)
        try:
            with (
                entered(self.settings.root, entry.entity, make=True) as folders,
                locked(folders.home, self.wait_seconds),
            ):
                self._bring_out(theirs, folders)
        except MismatchError as wrong:
            raise wrong.mismatch.outcome from None
        except BlockingIOError:
            raise ErpBusy(Reason.UNAVAILABLE, rule="another writer holds the folder") from None
        except OSError as error:
            raise self._outcome(entry, error) from None

    def _bring_out(self, theirs: JournalEntry, folders: EntityFolders) -> None:
        check_deadline()
        record = self.record(folders, theirs.entity)
        record.sweep()
        fate = View(record, self.answers.read(theirs.entity, folders)).fate(theirs.key)
        if fate is None:
            self._write(theirs, record, folders)
        elif fate.rejection is not None:
            record.withdraw(fate.written)
        elif fate.confirmation is None and not fate.written.is_complete:
            self._take_up(theirs, fate, record, folders)

    def _take_up(
        self, theirs: JournalEntry, fate: Fate, record: Record, folders: EntityFolders
    ) -> None:
        """Finish an interrupted attempt: as it is if anybody can have seen it, else anew."""
        if fate.written.is_offered:
            record.offer(fate.written.entry, fate.written.content)
        else:
            record.forget(fate.written)
            self._write(theirs, record, folders)

    def _write(self, theirs: JournalEntry, record: Record, folders: EntityFolders) -> None:
        try:
            check(theirs, read_lists(folders.lists, theirs.entity), self.settings.max_lines)
        except ListMissingError as problem:
            raise ErpBusy(Reason.UNAVAILABLE, rule=str(problem)) from None
        record.write(theirs, rendered(theirs, self.settings.line_end.value))

    def record(self, folders: EntityFolders, entity: str) -> Record:
        """Return the record in open folders."""
        return Record(folders, entity, self.settings.line_end.value)

    def _in_their_names(self, entry: JournalEntry) -> JournalEntry:
        try:
            return renamed(entry, self.settings.segments, self.settings.dimensions)
        except UnmappedSegmentError:
            raise ErpRejected(Reason.MAPPING, "a dimension of a line has no segment") from None

    def _outcome(self, entry: JournalEntry, error: OSError) -> ErpBusy | ErpUnknown:
        """Nothing was taken as long as the key is not claimed: the claim comes first."""
        if self._may_be_claimed(entry):
            return ErpUnknown(Reason.DRAFT_LEFT, "the folder failed while the file was brought out")
        if isinstance(error, PermissionError) or error.errno in CLOSED:
            return ErpBusy(Reason.ACCESS, rule="the folder cannot be written to")
        return ErpBusy(Reason.UNAVAILABLE, rule="the folder is full, or not there")

    def _may_be_claimed(self, entry: JournalEntry) -> bool:
        try:
            with entered(self.settings.root, entry.entity) as folders:
                return self.record(folders, entry.entity).find(entry.key) is not None
        except (OSError, MismatchError):
            return True


def check(theirs: JournalEntry, lists: Lists, max_lines: int) -> None:
    """Refuse what the ERP would refuse, by the lists of accounting. Raises ErpRejected."""
    if len(theirs.lines) > max_lines:
        raise ErpRejected(Reason.TOO_LARGE)
    day = theirs.accounting_date
    if not any(one.is_open and one.start <= day <= one.end for one in lists.periods):
        raise ErpRejected(Reason.PERIOD_CLOSED, "no open period of the ERP holds the date")
    if not all(lists.accounts.get(line.account) for line in theirs.lines):
        raise ErpRejected(Reason.ACCOUNT_UNKNOWN, "an account is missing or not active")
    used = {
        (name, value)
        for line in theirs.lines
        for name, value in (("facility", line.facility), ("payer_class", line.payer_class))
        if value
    }
    if not all(lists.segments.get(value) for value in used):
        raise ErpRejected(Reason.MAPPING, "a segment is missing in the ERP or not active")
