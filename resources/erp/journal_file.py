"""Any other ERP, by files: we write each entry once, a person uploads it and says so by a file.

What lies in which folder is described in `docs/erp/journal_file.md`. Nothing is ever overwritten,
and an answer that does not fit what was written is told, never taken.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from billing.ledger.capabilities import Capabilities, Idempotency
from billing.ledger.erp import (
    ErpAccount,
    ErpBusy,
    ErpDocument,
    ErpLine,
    ErpPeriod,
    ErpRejected,
    ErpSegment,
    ErpUnknown,
    JournalEntry,
    Reason,
    by_our_names,
)
from resources.erp import journal_file_lists as lists
from resources.erp.journal_file_answers import AnswerReader, Mismatch
from resources.erp.journal_file_entry import is_key
from resources.erp.journal_file_folder import EntityFolders, entered
from resources.erp.journal_file_lists import ListMissingError
from resources.erp.journal_file_record import MismatchError
from resources.erp.journal_file_settings import JournalFileSettings
from resources.erp.journal_file_view import View, posted_lines
from resources.erp.journal_file_writing import Writer

CAPABILITIES = Capabilities(
    idempotency=Idempotency.UNIQUE_REFERENCE,
    is_post_atomic=False,
    read_back_key="column key of the file and of its confirmation; part of the file's name",
    max_lines=10_000,
    quiescence=timedelta(0),
    period_error="no in periods.csv before writing; a rejection with PERIOD_CLOSED afterwards",
    concurrent_requests=1,
    confirms_posting=False,
)


class JournalFileLedger:
    """The general ledger of each entity, as files tell of it. Not for use by several threads."""

    name = "journal_file"

    def __init__(self, settings: JournalFileSettings, answer_seconds: float = 60.0) -> None:
        """`answer_seconds`: how long to wait for another writer. Touches no file."""
        self._settings = settings
        self._answers = AnswerReader()
        self._writer = Writer(settings, self._answers, answer_seconds)
        self.capabilities = replace(
            CAPABILITIES, max_lines=settings.max_lines, dimensions=settings.dimensions
        )

    def find(self, entity: str, key: str) -> ErpDocument | None:
        """Return the file of a key: created until it is confirmed, then posted.

        None too when it was rejected: the ERP has nothing of it, and `post` tells why. Raises
        ErpUnknown, with MISMATCH where an answer does not fit what was written.
        """
        if not is_key(key):
            return None
        with self._view(entity) as (view, _):
            fate = view.fate(key)
        if fate is None or fate.rejection is not None:
            return None
        return fate.document(self._settings.segments)

    def post(self, entry: JournalEntry) -> ErpDocument:
        """Have exactly one file for the entry's key; return it once it is confirmed.

        Raises ErpUnknown (AWAITING_POST until then; UNREADABLE_ANSWER where an answer lies there
        that cannot be read; MISMATCH), ErpRejected (no file is offered, or not any more) and
        ErpBusy (nothing was written: another writer, a full or closed folder, a missing list).
        """
        self._check(entry)
        document = self._settled(entry)
        if document is None:
            self._writer.bring_out(entry)
            document = self._settled(entry)
        if document is None:
            raise ErpUnknown(Reason.NOT_FOUND_AFTER_POSTING)
        return document

    def periods(self, entity: str) -> list[ErpPeriod]:
        """Return what `periods.csv` says, oldest first. Raises ErpUnknown."""
        with self._view(entity) as (_, folders):
            return lists.periods(folders.lists, entity)

    def balances(self, entity: str, as_of: date) -> dict[str, Decimal]:
        """Return the ERP's trial balance of that very day, where accounting laid one.

        Otherwise the sums of the confirmed files and of the lines of others in the general
        ledger's list. Debit positive. Raises ErpUnknown.
        """
        with self._view(entity) as (view, folders):
            listed = lists.trial_balance(folders.lists, as_of)
            lines = [] if listed is not None else self._posted(entity, view, folders)
        found: defaultdict[str, Decimal] = defaultdict(Decimal)
        for account, amount in (listed or {}).items():
            found[self._settings.segments.own_account(entity, account)] += amount
        for line in lines:
            if line.accounting_date <= as_of:
                found[line.account] += line.debit - line.credit
        return dict(found)

    def accounts(self, entity: str) -> list[ErpAccount]:
        """Return what `accounts.csv` says, by our numbers. Raises ErpUnknown."""
        with self._view(entity) as (_, folders):
            listed = lists.accounts(folders.lists)
        own = self._settings.segments.own_account
        return [ErpAccount(entity, own(entity, name), active) for name, active in listed.items()]

    def segments(self, entity: str) -> list[ErpSegment]:
        """Return what `segments.csv` says, by our names. Raises ErpUnknown."""
        with self._view(entity) as (_, folders):
            listed = lists.segments(folders.lists)
        found = (ErpSegment(entity, *value, is_active) for value, is_active in listed.items())
        return by_our_names(found, self._settings.segments)

    def lines_on(self, entity: str, accounts: Sequence[str], since: date) -> list[ErpLine]:
        """Return confirmed lines, and those of others in `general_ledger.csv`. Raises ErpUnknown.

        Without that list the lines of others are not known here.
        """
        with self._view(entity) as (view, folders):
            lines = self._posted(entity, view, folders)
        wanted = set(accounts)
        return [line for line in lines if line.account in wanted and line.accounting_date >= since]

    def mismatches(self, entity: str) -> list[Mismatch]:
        """Return everything in the entity's folders that a person has to put right.

        Raises ErpUnknown when they cannot be read.
        """
        with self._view(entity) as (view, _):
            return view.mismatches()

    def _posted(self, entity: str, view: View, folders: EntityFolders) -> list[ErpLine]:
        listed = lists.general_ledger(folders.lists)
        return posted_lines(entity, view.posted(), listed, self._settings.segments)

    def _settled(self, entry: JournalEntry) -> ErpDocument | None:
        """Return a confirmed document; None when there is something to do. Else raise."""
        with self._view(entry.entity) as (view, _):
            fate = view.fate(entry.key)
        if fate is None:
            return None
        if fate.confirmation is not None:
            return fate.document(self._settings.segments)
        if fate.rejection is not None and not fate.written.is_offered:
            raise ErpRejected(fate.rejection.reason)
        if fate.rejection is None and fate.written.is_complete:
            hidden = view.has_unreadable_answers
            raise ErpUnknown(Reason.UNREADABLE_ANSWER if hidden else Reason.AWAITING_POST)
        return None

    def _check(self, entry: JournalEntry) -> None:
        """Keep out of the file system what has no business there, and find the folder there."""
        if entry.entity not in self._settings.entities:
            raise ErpRejected(Reason.ACCESS, "this entity has no folder of journal files")
        if not is_key(entry.key):
            raise ErpRejected(Reason.OTHER, "the key cannot be part of a file's name")
        try:
            with entered(self._settings.root, entry.entity):
                return
        except OSError:
            raise ErpBusy(Reason.UNAVAILABLE, rule="the entity's folder is not there") from None

    @contextmanager
    def _view(self, entity: str) -> Iterator[tuple[View, EntityFolders]]:
        """Look at an entity's folders. Raises ErpUnknown for everything that goes wrong inside."""
        if entity not in self._settings.entities:
            raise ErpUnknown(Reason.OTHER, "this entity has no folder of journal files")
        try:
            with entered(self._settings.root, entity) as folders:
                record = self._writer.record(folders, entity)
                yield View(record, self._answers.read(entity, folders)), folders
        except MismatchError as wrong:
            raise wrong.mismatch.outcome from None
        except ListMissingError as problem:
            raise ErpUnknown(Reason.OTHER, str(problem)) from None
        except OSError:
            raise ErpUnknown(Reason.CONNECTION) from None
