"""Picking files up from an SFTP server: stable and complete files only, whatever they are called.

One connection per pick-up, a new one where it breaks. Remote names are data: nothing here makes a
local path of them.
"""

from __future__ import annotations

import stat
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

import paramiko

from billing.intake import is_complete, recognise
from resources.receipt import Receipt, Sighting, SightingKey, Waiting
from resources.sftp_ahead import AHEAD_FILES, CHANNELS, FILES_A_CHANNEL, ReadAhead
from resources.sftp_connection import (
    BrokenOffError,
    HostKeyChangedError,
    LoginRefusedError,
    SftpError,
    close_of,
    connected,
    deadline,
    is_alive,
)
from resources.sftp_settings import SftpSettings

__all__ = ["HostKeyChangedError", "LoginRefusedError", "Pickup", "SftpError", "connected"]

MOST_BYTES = 512 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
PIPELINED_ABOVE_BYTES = 32 * 1024  # one request reads as much
SLOWEST_BYTES_PER_SECOND = 32 * 1024
MOST_BREAKS = 6
Outcome = Literal["waiting", "failed"]
_TEMPORARY_SUFFIXES = (".tmp", ".part", ".partial", ".filepart", ".crdownload")


@dataclass(frozen=True)
class Pickup:
    """One pick-up: from where, for which source, what is known already, and whom to tell.

    `waiting` is what earlier pick-ups told: what failed before is tried last.
    """

    settings: SftpSettings
    source: str
    folders: Sequence[str]
    taken: Collection[SightingKey] = frozenset()
    on_sighting: Callable[[Sighting], None] = lambda _: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    most_bytes: int = MOST_BYTES
    waiting: Mapping[SightingKey, Waiting] = field(default_factory=dict)

    def receipts(self) -> Iterator[Receipt]:
        """Yield what is stable, complete and not taken; tell of each other name with a reason.

        A file at which the connection breaks twice is told and passed over. Raises
        HostKeyChangedError, LoginRefusedError, or SftpError where the server is out of reach.
        """
        if not self.settings.is_configured or not self.folders:
            return
        queue: deque[tuple[SightingKey, bytes]] | None = None
        breaks: list[SightingKey] = []
        while queue is None or queue:
            try:
                with connected(self.settings) as client:
                    queue = deque(self._stable(client)) if queue is None else queue
                    with self._reader(client, len(queue), breaks) as reader:
                        yield from self._take_all(reader, queue)
            except BrokenOffError:
                if not queue or len(breaks) == MOST_BREAKS:
                    raise
                key, _ = queue[0]
                if key in breaks:
                    self._tell(key, "failed", "READ_BROKE_OFF")
                    queue.popleft()
                breaks.append(key)

    def _reader(
        self, client: paramiko.SFTPClient, files: int, breaks: Sequence[SightingKey]
    ) -> ReadAhead:
        """After a break files are read one after another: the one that breaks is then known."""
        most = 1 if breaks else min(CHANNELS, 1 + files // FILES_A_CHANNEL)
        return ReadAhead(client, self._read, most)

    def _take_all(
        self, reader: ReadAhead, queue: deque[tuple[SightingKey, bytes]]
    ) -> Iterator[Receipt]:
        """Take files in their order; what was taken leaves the queue."""
        while queue:
            reader.begin(one for one in islice(queue, AHEAD_FILES) if not self._refusal(one[0]))
            yield from self._take(reader, *queue[0])
            queue.popleft()

    def look(self, client: paramiko.SFTPClient) -> list[SightingKey]:
        """List the files that are not taken yet, by folder and name, earlier failures last."""
        return list(self._found(client))

    def _stable(self, client: paramiko.SFTPClient) -> list[tuple[SightingKey, bytes]]:
        """Look twice, a while apart; what is not the same any more is told.

        A second look a second later sees another time on whatever was written after the first.
        """
        first = self._found(client)
        if not first:
            return []
        self.sleep(self.settings.stable_seconds)
        second = self._found(client)
        for key in first:
            if key not in second:
                self._tell(key, "waiting", "STILL_CHANGING")
        return [(key, path) for key, path in first.items() if key in second]

    def _found(self, client: paramiko.SFTPClient) -> dict[SightingKey, bytes]:
        """Return each file that is not taken with the path that the server knows it by."""
        found = [
            (key, path)
            for folder in self.folders
            for key, path in self._folder(client, folder)
            if key not in self.taken
        ]
        return dict(sorted(found, key=lambda one: self._has_failed(one[0])))

    def _has_failed(self, key: SightingKey) -> bool:
        known = self.waiting.get(key)
        return known is not None and known.outcome == "failed"

    def _folder(
        self, client: paramiko.SFTPClient, folder: str
    ) -> Iterator[tuple[SightingKey, bytes]]:
        for entry in sorted(self._entries(client, folder), key=lambda one: one.filename):
            key = _key(folder, entry)
            if _is_folder(entry):
                continue
            if "/" in entry.filename:  # a name is one step and leads nowhere else
                self._tell(key, "failed", "NAME_NOT_USABLE")
            elif not _is_regular(entry):
                self._tell(key, "failed", "NOT_A_REGULAR_FILE")
            else:
                path = f"{folder.rstrip('/')}/{entry.filename}"
                yield key, path.encode("utf-8", "surrogateescape")

    def _entries(
        self, client: paramiko.SFTPClient, folder: str
    ) -> Sequence[paramiko.SFTPAttributes]:
        try:
            with deadline(close_of(client), self._patience_seconds(MOST_BYTES // 16)):
                return client.listdir_attr(folder)
        except FileNotFoundError:
            self._tell(_place(folder), "failed", "FOLDER_MISSING")
        except TimeoutError:
            raise
        except OSError:
            if not is_alive(client):
                raise
            self._tell(_place(folder), "failed", "FOLDER_NOT_READABLE")
        return ()

    def _refusal(self, key: SightingKey) -> tuple[Outcome, str] | None:
        """Return why a file is not read, by its name and its size alone; None: it is read."""
        if key.name.startswith(".") or key.name.lower().endswith(_TEMPORARY_SUFFIXES):
            return "waiting", "TEMPORARY_NAME"
        return ("failed", "TOO_LARGE") if key.size_bytes > self.most_bytes else None

    def _take(self, reader: ReadAhead, key: SightingKey, path: bytes) -> Iterator[Receipt]:
        if refusal := self._refusal(key):
            self._tell(key, *refusal)
            return
        content = self._content(reader, key, path)
        if content is None:
            return
        if len(content) != key.size_bytes:
            self._tell(key, "waiting", "STILL_CHANGING")
        elif self._is_whole(content, key):
            yield Receipt(self.source, key.location, key.name, content, key.modified_at)
        else:
            self._tell(key, "waiting", "INCOMPLETE")

    def _content(self, reader: ReadAhead, key: SightingKey, path: bytes) -> bytes | None:
        """Read a file; None, and told, where this one cannot be read and others may."""
        try:
            return reader.content((key, path))
        except FileNotFoundError:
            self._tell(key, "failed", "VANISHED")
        except TimeoutError:
            raise
        except EOFError:  # shorter than it was listed
            self._tell(key, "waiting", "STILL_CHANGING")
        except OSError:
            self._tell(key, "failed", "NOT_READABLE")
        return None

    def _read(self, client: paramiko.SFTPClient, key: SightingKey, path: bytes) -> bytes:
        with deadline(close_of(client), self._patience_seconds(key.size_bytes)):
            return _read(client, key, path, self.most_bytes)

    def _patience_seconds(self, size_bytes: int) -> float:
        """A server that sends a byte now and then never runs into a timeout: the whole has one."""
        return self.settings.answer_seconds + size_bytes / SLOWEST_BYTES_PER_SECOND

    def _is_whole(self, content: bytes, key: SightingKey) -> bool:
        """Say whether the file is complete, or so old that its end will not come any more.

        Old by the server's clock or by ours, since either may be wrong.
        """
        if is_complete(content, recognise(content, key.name)):
            return True
        if key.modified_at is None:
            return True
        known = self.waiting.get(key)
        since = min(key.modified_at, known.first_seen_at) if known else key.modified_at
        return (self.now() - since).total_seconds() > self.settings.incomplete_after_seconds

    def _tell(self, key: SightingKey, outcome: Outcome, reason: str) -> None:
        self.on_sighting(Sighting(self.source, key, outcome, reason))


def _read(client: paramiko.SFTPClient, key: SightingKey, path: bytes, most_bytes: int) -> bytes:
    """Read at most one byte more than was listed: a file that has grown is told by its length."""
    most = min(key.size_bytes + 1, most_bytes)
    content = bytearray()
    with client.open(path, "rb") as file:
        if key.size_bytes > PIPELINED_ABOVE_BYTES:
            file.prefetch(key.size_bytes)
        while len(content) < most:
            chunk = file.read(min(CHUNK_BYTES, most - len(content)))
            if not chunk:
                break
            content += chunk
    return bytes(content)


def _key(folder: str, entry: paramiko.SFTPAttributes) -> SightingKey:
    """A name that is not UTF-8, or that no database can hold, is known by its escaped form."""
    modified = entry.st_mtime
    at = None if modified is None else datetime.fromtimestamp(modified, UTC)
    raw = entry.filename.encode("utf-8", "surrogateescape")
    name = raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    return SightingKey(folder, name, entry.st_size or 0, at)


def _place(folder: str) -> SightingKey:
    return SightingKey(folder, "", 0, None)


def _is_regular(entry: paramiko.SFTPAttributes) -> bool:
    """Some servers tell permissions without a type, or nothing: such an entry is a file."""
    return stat.S_IFMT(entry.st_mode or 0) in (0, stat.S_IFREG)


def _is_folder(entry: paramiko.SFTPAttributes) -> bool:
    return stat.S_ISDIR(entry.st_mode or 0)
