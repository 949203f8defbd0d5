"""The record of what was written, one file per key, and the copy that is offered for upload.

A key is claimed by the appearance of its file in `written`; its control file beside it says that
the offering is complete. Only one writer of an entity is here at a time (`locked`), and where a
file system does not know locks the claim alone keeps a second file of a key out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from billing.ledger.erp import JournalEntry
from resources.erp.journal_file_answers import Mismatch, Rule, in_ascii
from resources.erp.journal_file_entry import (
    CONTROL_END,
    DATA_END,
    Totals,
    control,
    controlled,
    name_of,
    parsed,
    totals_of,
)
from resources.erp.journal_file_folder import EntityFolders, StrangeFileError
from resources.erp.journal_file_text import UnreadableFileError


class MismatchError(Exception):
    """The record and the folders contradict each other."""

    def __init__(self, mismatch: Mismatch) -> None:
        super().__init__(mismatch.rule.value)
        self.mismatch = mismatch


@dataclass(frozen=True)
class Written:
    """A file as the record has it; `entry` is in the ERP's names."""

    entry: JournalEntry
    totals: Totals
    content: bytes
    is_complete: bool  # the offering is done; if not, its writer was interrupted
    is_offered: bool  # the file lies in `outgoing` now

    @property
    def name(self) -> str:
        """Return the name of the offered file without its end."""
        return name_of(self.entry)


class Record:
    """What was written for one entity. Every method raises OSError; reading, MismatchError too."""

    def __init__(self, folders: EntityFolders, entity: str, line_end: str) -> None:
        """`line_end` is that of control files."""
        self._written, self._outgoing = folders.written, folders.outgoing
        self._entity, self._line_end = entity, line_end

    def find(self, key: str) -> Written | None:
        """Return what was written under a key, after comparing all copies of it."""
        try:
            content = self._written.read(f"{key}{DATA_END}")
            if content is None and self._is_laid_out(key):
                # The claim comes first: had it been made since, it would be there by now.
                content = self._written.read(f"{key}{DATA_END}")
                if content is None:
                    raise MismatchError(Mismatch(Rule.RECORD_LOST, key))
            return None if content is None else self._compared(key, content)
        except (UnreadableFileError, StrangeFileError):
            raise MismatchError(Mismatch(Rule.CHANGED, key)) from None

    def keys(self) -> Iterator[str]:
        """Yield every key that was claimed."""
        for name in self._written.names():
            if not name.startswith(".") and not name.endswith(CONTROL_END):
                yield in_ascii(name.removesuffix(DATA_END))

    def lost(self) -> list[Mismatch]:
        """Return the offered files without a record."""
        offered = [name for name in self._outgoing.names() if name.endswith(DATA_END)]
        known = set(self.keys())
        return [
            Mismatch(Rule.RECORD_LOST, in_ascii(name))
            for name in offered
            if not name.startswith(".") and _key_in(name) not in known
        ]

    def write(self, entry: JournalEntry, content: bytes) -> None:
        """Claim the key of an entry and offer its file. Somebody else's claim is left to him."""
        if self._written.publish(f"{entry.key}{DATA_END}", content):
            self.offer(entry, content)

    def offer(self, entry: JournalEntry, content: bytes) -> None:
        """Lay a claimed file out for upload, its control file first; then note that it is done."""
        checked = control(entry, totals_of(entry, content), self._line_end)
        name = name_of(entry)
        self._outgoing.publish(f"{name}{CONTROL_END}", checked)
        self._outgoing.publish(f"{name}{DATA_END}", content)
        self._written.publish(f"{entry.key}{CONTROL_END}", checked)

    def withdraw(self, written: Written) -> None:
        """Take an offered file away again, its control file first; the record of it stays."""
        self._outgoing.remove(f"{written.name}{CONTROL_END}")
        self._outgoing.remove(f"{written.name}{DATA_END}")

    def forget(self, written: Written) -> None:
        """Give up the claim of an interrupted writer whose file was never offered."""
        self._outgoing.remove(f"{written.name}{CONTROL_END}")
        self._written.remove(f"{written.entry.key}{DATA_END}")

    def sweep(self) -> None:
        """Take away what killed writers left half written."""
        self._written.sweep()
        self._outgoing.sweep()

    def _is_laid_out(self, key: str) -> bool:
        return any(_key_in(name) == key for name in self._outgoing.names())

    def _compared(self, key: str, content: bytes) -> Written:
        entry = parsed(content)
        totals = totals_of(entry, content)
        done = self._written.read(f"{key}{CONTROL_END}")
        offered = self._outgoing.read(f"{name_of(entry)}{DATA_END}")
        is_ours = (entry.entity, entry.key) == (self._entity, key)
        is_same = done is None or controlled(done) == totals
        if not (is_ours and is_same and offered in {None, content}):
            raise MismatchError(Mismatch(Rule.CHANGED, key))
        return Written(entry, totals, content, done is not None, offered is not None)


def _key_in(name: str) -> str:
    """Return the key that is part of an offered file's name."""
    return name.removesuffix(CONTROL_END).removesuffix(DATA_END).partition("_")[2]
