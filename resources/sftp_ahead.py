"""Reads small files ahead of their turn, on a few channels of one SSH connection.

A file costs four answers of the server: where an answer takes 50 ms, ten thousand files that are
read one after another take half an hour of waiting. Which files are read, and which reason is
reported for a file that is not taken, is in `sftp.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType

import paramiko

from resources.receipt import SightingKey
from resources.sftp_connection import another, is_alive

CHANNELS = 4
FILES_A_CHANNEL = 8  # opening a channel takes two answers: it pays from a few files on
AHEAD_FILES = 16
AHEAD_BYTES = 1024 * 1024  # a larger file is read in its turn, so that memory stays small
Wanted = tuple[SightingKey, bytes]
Read = Callable[[paramiko.SFTPClient, SightingKey, bytes], bytes]


class ReadAhead:
    """Reads files of one connection, each whole; at most AHEAD_FILES small ones are held."""

    def __init__(self, client: paramiko.SFTPClient, read: Read, most_channels: int) -> None:
        """With one channel files are read one after another, each in its turn."""
        self._read = read
        self._clients = [client, *_others(client, most_channels - 1)]
        self._free: SimpleQueue[paramiko.SFTPClient] = SimpleQueue()
        for one in self._clients:
            self._free.put(one)
        self._threads = ThreadPoolExecutor(len(self._clients), "sftp")
        self._begun: dict[Wanted, Future[bytes]] = {}

    def __enter__(self) -> ReadAhead:
        """Be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the further channels; what is still read ends with the connection."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for one in self._clients[1:]:
            with suppress(OSError, EOFError, paramiko.SSHException):
                one.close()

    def begin(self, wanted: Iterable[Wanted]) -> None:
        """Begin to read the small ones of these files, where there is more than one channel."""
        if len(self._clients) == 1:
            return
        for one in wanted:
            if one not in self._begun and one[0].size_bytes <= AHEAD_BYTES:
                self._begun[one] = self._threads.submit(self._whole, *one)

    def content(self, wanted: Wanted) -> bytes:
        """Return the bytes of a file.

        Raises what reading it raised: OSError or EOFError is about this file; SSHException or
        TimeoutError means that the connection is of no use any more.
        """
        begun = self._begun.pop(wanted, None)
        return begun.result() if begun else self._threads.submit(self._whole, *wanted).result()

    def _whole(self, key: SightingKey, path: bytes) -> bytes:
        client = self._free.get()
        try:
            return self._read(client, key, path)
        except (OSError, EOFError) as error:
            if is_alive(client) or isinstance(error, TimeoutError):
                raise
            raise paramiko.SSHException(type(error).__name__) from None
        finally:
            self._free.put(client)


def _others(client: paramiko.SFTPClient, count: int) -> list[paramiko.SFTPClient]:
    """Open further channels; a server that allows fewer is served with fewer."""
    found: list[paramiko.SFTPClient] = []
    with suppress(OSError, EOFError, paramiko.SSHException):
        found.extend(another(client) for _ in range(count))
    return found
