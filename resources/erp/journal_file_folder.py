"""Folders that people share with us: files appear in them whole or not at all, and stay.

Held open by descriptors and entered without following links, so that nothing below the root leads
elsewhere. What the files mean is not known here.
"""

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import stamina

PARTIAL = ".partial-"
LOCK = ".lock"
LARGEST = 64 * 1024 * 1024
MODE = 0o660  # the folder's group is accounting; nobody else reads along
ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hang us
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NO_FILE = {errno.ELOOP, errno.ENXIO}  # a link, a socket


class StrangeFileError(Exception):
    """A name stands for something else than a plain file of a sane size."""


@dataclass(frozen=True)
class Mark:
    """What changes whenever a file is written or replaced."""

    inode: int
    size: int
    modified_ns: int
    changed_ns: int


@dataclass(frozen=True)
class Folder:
    """One open folder; without a descriptor it does not exist, and reads as empty."""

    descriptor: int | None

    def names(self) -> list[str]:
        """List all names in order. One that is not UTF-8 holds surrogates. Raises OSError."""
        if self.descriptor is None:
            return []
        with os.scandir(self.descriptor) as found:
            return sorted(entry.name for entry in found)

    def mark(self, name: str) -> Mark:
        """Return what tells two states of a file apart. Raises OSError."""
        found = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        return Mark(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None where there is none. Raises StrangeFileError, OSError."""
        if self.descriptor is None:
            return None
        try:
            handle = os.open(name, READ, dir_fd=self.descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in NO_FILE:
                raise StrangeFileError from None
            raise
        try:
            return _content(handle)
        finally:
            os.close(handle)

    def publish(self, name: str, content: bytes) -> bool:
        """Have a whole, durable file of a new name; False when the name is taken. Raises OSError.

        A hard link instead of a rename: a rename would replace what is there.
        """
        partial = f"{PARTIAL}{secrets.token_hex(8)}"
        handle = os.open(partial, WRITE, MODE, dir_fd=self.descriptor)
        try:
            try:
                _write(handle, content)
            finally:
                os.close(handle)
            is_new = self._link(partial, name)
        finally:
            os.unlink(partial, dir_fd=self.descriptor)
        self._settle()
        return is_new

    def remove(self, name: str) -> None:
        """Take a file away if it is there. Raises OSError."""
        try:
            os.unlink(name, dir_fd=self.descriptor)
        except FileNotFoundError:
            return
        self._settle()

    def sweep(self) -> None:
        """Take away what killed writers left half written. Only under the lock. Raises OSError."""
        for name in self.names():
            if name.startswith(PARTIAL):
                self.remove(name)

    def _link(self, partial: str, name: str) -> bool:
        here = self.descriptor
        try:
            os.link(partial, name, src_dir_fd=here, dst_dir_fd=here, follow_symlinks=False)
        except FileExistsError:
            return False
        return True

    def _settle(self) -> None:
        if self.descriptor is not None:
            os.fsync(self.descriptor)


@dataclass(frozen=True)
class EntityFolders:
    """The folders of one entity. `written` is our own record; the others are shared."""

    home: Folder
    written: Folder
    outgoing: Folder
    accepted: Folder
    rejected: Folder
    lists: Folder


SHARED = ("written", "outgoing", "accepted", "rejected", "lists")


@contextmanager
def entered(root: Path, entity: str, *, make: bool = False) -> Iterator[EntityFolders]:
    """Open an entity's folders; `make`: those that are missing below it are made.

    The root and the entity's folder are never made: a share that is not mounted looks empty.
    Raises OSError, also where one of them is a symlink.
    """
    with ExitStack() as stack:
        above = _enter(stack, str(root), ENTER, None)
        home = _enter(stack, entity, ENTER | os.O_NOFOLLOW, above)
        found = [_below(stack, name, home, make=make) for name in SHARED]
        yield EntityFolders(Folder(home), *found)


@contextmanager
def locked(home: Folder, seconds: float) -> Iterator[None]:
    """Be the only writer of an entity; the kernel frees what a killed one held.

    Raises BlockingIOError when somebody else writes for longer than `seconds`, and OSError.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(LOCK, flags, MODE, dir_fd=home.descriptor)
    try:
        for attempt in stamina.retry_context(
            on=BlockingIOError, attempts=None, timeout=seconds,
            wait_initial=0.02, wait_max=0.5, wait_jitter=0.02,
        ):  # fmt: skip
            with attempt:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _enter(stack: ExitStack, name: str, flags: int, above: int | None) -> int:
    handle = os.open(name, flags, dir_fd=above)
    stack.callback(os.close, handle)
    return handle


def _below(stack: ExitStack, name: str, home: int, *, make: bool) -> Folder:
    if make:
        try:
            os.mkdir(name, 0o770, dir_fd=home)
        except FileExistsError:
            pass
        else:
            os.fsync(home)
    try:
        return Folder(_enter(stack, name, ENTER | os.O_NOFOLLOW, home))
    except FileNotFoundError:
        return Folder(None)


def _content(handle: int) -> bytes:
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
        raise StrangeFileError
    parts = []
    while part := os.read(handle, 1024 * 1024):
        parts.append(part)
    return b"".join(parts)


def _write(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]
    os.fsync(handle)
