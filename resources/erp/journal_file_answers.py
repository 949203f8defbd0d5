"""What people lay beside the files: confirmations and rejections, and what contradicts what.

An answer counts only when it is whole and fits the file that was written; everything else is told
as a mismatch, by a rule of ours and without a value of a document.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from billing.ledger.erp import ErpUnknown, Reason
from resources.erp.journal_file_entry import TOTALS, Totals, is_key, stated
from resources.erp.journal_file_folder import EntityFolders, Folder, Mark, StrangeFileError
from resources.erp.journal_file_text import UnreadableFileError, day_of, rows_of, word_of

CONFIRMATION = ("key", "document_number", "posting_date", *TOTALS)
REJECTION = ("key", "reason", "text")
REASONS = frozenset(
    {
        Reason.PERIOD_CLOSED, Reason.UNBALANCED, Reason.ACCOUNT_UNKNOWN, Reason.DUPLICATE,
        Reason.ACCESS, Reason.MAPPING, Reason.TOO_LARGE, Reason.OTHER,
    }
)  # fmt: skip
Answer = TypeVar("Answer", bound="Confirmation | Rejection")


class Rule(StrEnum):
    """What can be wrong with the folders of an entity."""

    TOTALS = "a confirmation has other totals than the file that was written"
    TWICE = "two confirmations of one key differ"
    BOTH = "a key is confirmed and rejected"
    NEVER_WRITTEN = "an answer names a key that was never written"
    RECORD_LOST = "a file is offered for upload whose record is gone"
    CHANGED = "a written file was changed afterwards"
    UNREADABLE = "an answer is half copied, or not of the documented form"


@dataclass(frozen=True)
class Mismatch:
    """Something that a person has to put right; `name` is a key or a file's name, in ASCII."""

    rule: Rule
    name: str

    @property
    def outcome(self) -> ErpUnknown:
        """Return what it makes of anything that depends on it."""
        return ErpUnknown(Reason.MISMATCH, self.rule.value)


@dataclass(frozen=True)
class Confirmation:
    """A person's word that a file is posted in the ERP, and under which number."""

    key: str
    number: str
    posting_date: date
    totals: Totals


@dataclass(frozen=True)
class Rejection:
    """A person's word that the ERP refused a file and has nothing of it."""

    key: str
    reason: Reason


@dataclass(frozen=True)
class Answers:
    """All answers that can be read, by key; the same answer given again counts once."""

    confirmed: Mapping[str, frozenset[Confirmation]]
    rejected: Mapping[str, frozenset[Rejection]]
    unreadable: tuple[Mismatch, ...]

    @property
    def keys(self) -> set[str]:
        """Return every key that has an answer."""
        return {*self.confirmed, *self.rejected}

    def confirmation(self, key: str, written: Totals) -> Confirmation | Mismatch | None:
        """Return the one confirmation of a written file, or what is wrong with it."""
        found = self.confirmed.get(key, frozenset())
        if any(one.totals != written for one in found):
            return Mismatch(Rule.TOTALS, key)
        if len(found) > 1:
            return Mismatch(Rule.TWICE, key)
        if found and key in self.rejected:
            return Mismatch(Rule.BOTH, key)
        return next(iter(found), None)

    def rejection(self, key: str) -> Rejection | None:
        """Return why a key was rejected, the first reason by name where there are several."""
        found = self.rejected.get(key, frozenset())
        return min(found, key=lambda one: one.reason, default=None)


class AnswerReader:
    """Reads the answers of all entities, each state of a file once. Not for several threads."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._confirmed = _FolderReader(_confirmations)
        self._rejected = _FolderReader(_rejections)

    def read(self, entity: str, folders: EntityFolders) -> Answers:
        """Return what lies there now. Raises OSError."""
        broken: list[Mismatch] = []
        confirmed = self._confirmed.all(entity, folders.accepted, broken)
        rejected = self._rejected.all(entity, folders.rejected, broken)
        return Answers(_by_key(confirmed), _by_key(rejected), tuple(broken))


class _FolderReader(Generic[Answer]):
    """Reads one kind of answer, and keeps what it read while the file stays as it is."""

    def __init__(self, read: Callable[[bytes], tuple[Answer, ...]]) -> None:
        self._read = read
        self._seen: dict[tuple[str, str], tuple[Mark, tuple[Answer, ...] | Mismatch]] = {}

    def all(self, entity: str, folder: Folder, broken: list[Mismatch]) -> list[Answer]:
        """Return the answers of a folder, and add what cannot be read to `broken`."""
        answers: list[Answer] = []
        for name in folder.names():
            if name.startswith(".") or not name.lower().endswith(".csv"):
                continue  # a spreadsheet's lock, a copy under way, a note beside the files
            found = self._once(entity, folder, name)
            if isinstance(found, Mismatch):
                broken.append(found)
            else:
                answers += found
        return answers

    def _once(self, entity: str, folder: Folder, name: str) -> tuple[Answer, ...] | Mismatch:
        try:
            mark = folder.mark(name)
            known = self._seen.get((entity, name))
            if known is None or known[0] != mark:
                known = self._seen[entity, name] = (mark, self._found(folder, name))
        except FileNotFoundError:
            return ()  # taken away since it was listed
        return known[1]

    def _found(self, folder: Folder, name: str) -> tuple[Answer, ...] | Mismatch:
        try:
            return self._read(folder.read(name) or b"")
        except (UnreadableFileError, StrangeFileError):
            return Mismatch(Rule.UNREADABLE, in_ascii(name))


def in_ascii(name: str) -> str:
    """Return a file's name so that it can be shown, whatever bytes it is made of."""
    return name.encode("unicode_escape").decode("ascii")


def _confirmations(content: bytes) -> tuple[Confirmation, ...]:
    return tuple(
        Confirmation(
            _key(row), word_of(row["document_number"]), day_of(row["posting_date"]), stated(row)
        )
        for row in rows_of(content, CONFIRMATION)
    )


def _rejections(content: bytes) -> tuple[Rejection, ...]:
    return tuple(Rejection(_key(row), _reason(row)) for row in rows_of(content, REJECTION))


def _key(row: Mapping[str, str]) -> str:
    if not is_key(row["key"]):
        raise UnreadableFileError("a key consists of lower-case letters, digits and hyphens")
    return row["key"]


def _reason(row: Mapping[str, str]) -> Reason:
    if row["reason"] not in REASONS:
        raise UnreadableFileError("the reason of a rejection is one of the documented words")
    return Reason(row["reason"])


def _by_key(answers: Iterable[Answer]) -> dict[str, frozenset[Answer]]:
    found: dict[str, set[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.key, set()).add(answer)
    return {key: frozenset(those) for key, those in found.items()}
