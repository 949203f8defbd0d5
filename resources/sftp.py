"""Picking files up from an SFTP server: pinned host key, stable and complete files only.

One connection per pick-up. Remote names are data: nothing here makes a local path of them.
"""

from __future__ import annotations

import base64
import stat
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import paramiko
import stamina

from billing.intake import is_complete, recognise
from resources.receipt import Receipt, Sighting, SightingKey
from resources.settings import InvalidSettingError, SftpSettings

MOST_BYTES = 512 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
PIPELINED_ABOVE_BYTES = 32 * 1024  # one request reads as much
CONNECT_SECONDS = 15.0
ANSWER_SECONDS = 60.0
_TEMPORARY_SUFFIXES = (".tmp", ".part", ".partial", ".filepart", ".crdownload")


class SftpError(Exception):
    """The server cannot be used; the text names the server and the rule."""


class HostKeyChangedError(SftpError):
    """The server shows another key than the pinned one: nothing was sent to it."""


class LoginRefusedError(SftpError):
    """The server refused the login. It is tried once only: servers block after a few failures."""


@dataclass(frozen=True)
class Pickup:
    """One pick-up: from where, for which source, what is taken already, and whom to tell."""

    settings: SftpSettings
    source: str
    folders: Sequence[str]
    taken: Collection[SightingKey] = frozenset()
    on_sighting: Callable[[Sighting], None] = lambda _: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    most_bytes: int = MOST_BYTES

    def receipts(self) -> Iterator[Receipt]:
        """Yield what is stable, complete and not taken; tell of each other name with a reason.

        Raises HostKeyChangedError, LoginRefusedError, or SftpError where the server is out of
        reach.
        """
        if not self.settings.is_configured or not self.folders:
            return
        with connected(self.settings) as client:
            first = self._look(client)
            if not first:
                return
            self.sleep(self.settings.stable_seconds)
            second = set(self._look(client))
            for key in first:
                if key in second:
                    yield from self._take(client, key)
                else:
                    self._tell(key, "waiting", "STILL_CHANGING")

    def _look(self, client: paramiko.SFTPClient) -> list[SightingKey]:
        """List the files that are not taken yet, by folder and name."""
        return [
            key
            for folder in self.folders
            for key in self._folder(client, folder)
            if key not in self.taken
        ]

    def _folder(self, client: paramiko.SFTPClient, folder: str) -> list[SightingKey]:
        try:
            entries = client.listdir_attr(folder)
        except FileNotFoundError:
            self._tell(SightingKey(folder, "", 0, None), "failed", "FOLDER_MISSING")
            return []
        except PermissionError:
            self._tell(SightingKey(folder, "", 0, None), "failed", "FOLDER_NOT_READABLE")
            return []
        except UnicodeDecodeError:
            raise SftpError(f"a name in {folder} is not UTF-8") from None
        keys = [_key(folder, entry) for entry in entries if not _is_folder(entry)]
        files = {key for key, entry in zip(keys, _files(entries), strict=True) if entry}
        for key in sorted(set(keys) - files):
            self._tell(key, "failed", "NOT_A_REGULAR_FILE")
        return sorted(files, key=lambda key: key.name)

    def _take(self, client: paramiko.SFTPClient, key: SightingKey) -> Iterator[Receipt]:
        if key.name.startswith(".") or key.name.lower().endswith(_TEMPORARY_SUFFIXES):
            self._tell(key, "waiting", "TEMPORARY_NAME")
            return
        if key.size_bytes > self.most_bytes:
            self._tell(key, "failed", "TOO_LARGE")
            return
        try:
            content = _read(client, key, self.most_bytes)
        except FileNotFoundError:
            self._tell(key, "failed", "VANISHED")
            return
        except PermissionError:
            self._tell(key, "failed", "NOT_READABLE")
            return
        if len(content) != key.size_bytes:
            self._tell(key, "waiting", "STILL_CHANGING")
        elif self._is_whole(content, key):
            yield Receipt(self.source, key.location, key.name, content, key.modified_at)
        else:
            self._tell(key, "waiting", "INCOMPLETE")

    def _is_whole(self, content: bytes, key: SightingKey) -> bool:
        """Say whether the file is complete, or so old that its end will not come any more."""
        if is_complete(content, recognise(content, key.name)):
            return True
        if key.modified_at is None:
            return True
        age_seconds = (self.now() - key.modified_at).total_seconds()
        return age_seconds > self.settings.incomplete_after_seconds

    def _tell(self, key: SightingKey, outcome: str, reason: str) -> None:
        kind: dict[str, Sighting] = {
            "waiting": Sighting(self.source, key, "waiting", reason),
            "failed": Sighting(self.source, key, "failed", reason),
        }
        self.on_sighting(kind[outcome])


@contextmanager
def connected(settings: SftpSettings) -> Iterator[paramiko.SFTPClient]:
    """Open one connection. Being out of reach is tried again, a refusal is not.

    Whatever breaks off later is an SftpError that names the server and the class of the error.
    """
    ssh = paramiko.SSHClient()
    name = settings.host if settings.port == 22 else f"[{settings.host}]:{settings.port}"
    key = pinned_key(settings.host_key)
    ssh.get_host_keys().add(name, key.get_name(), key)
    ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        _connect(ssh, settings)
        client = ssh.open_sftp()
        if channel := client.get_channel():
            channel.settimeout(ANSWER_SECONDS)
        yield client
    except (paramiko.SSHException, EOFError, OSError) as error:
        place = f"{settings.host}:{settings.port}"
        raise SftpError(f"{place} broke off ({type(error).__name__})") from None
    finally:
        ssh.close()


def pinned_key(line: str) -> paramiko.PKey:
    """Read a `type base64` host key line. Raises InvalidSettingError."""
    try:
        kind, encoded = line.split()[:2]
        return paramiko.PKey.from_type_string(kind, base64.b64decode(encoded, validate=True))
    except (ValueError, paramiko.SSHException):
        raise InvalidSettingError("TIEOUT_SFTP_HOST_KEY", "a line `type base64`") from None


def _connect(ssh: paramiko.SSHClient, settings: SftpSettings) -> None:
    place = f"{settings.host}:{settings.port}"
    try:
        for attempt in stamina.retry_context(on=(OSError, EOFError), attempts=4, timeout=60):
            with attempt:
                ssh.connect(
                    settings.host,
                    settings.port,
                    settings.user,
                    settings.password or None,
                    timeout=CONNECT_SECONDS,
                    banner_timeout=CONNECT_SECONDS,
                    auth_timeout=CONNECT_SECONDS,
                    allow_agent=False,
                    look_for_keys=False,
                )
    except paramiko.BadHostKeyException:
        raise HostKeyChangedError(f"{place} shows another host key than the pinned one") from None
    except paramiko.AuthenticationException:
        raise LoginRefusedError(f"{place} refuses the login") from None
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise SftpError(f"{place} is out of reach ({type(error).__name__})") from None


def _read(client: paramiko.SFTPClient, key: SightingKey, most_bytes: int) -> bytes:
    """Read at most one byte more than was listed: a file that has grown is told by its length."""
    most = min(key.size_bytes + 1, most_bytes)
    content = bytearray()
    path = f"{key.location.rstrip('/')}/{key.name}"
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
    modified = entry.st_mtime
    at = None if modified is None else datetime.fromtimestamp(modified, UTC)
    return SightingKey(folder, entry.filename, entry.st_size or 0, at)


def _files(entries: Sequence[paramiko.SFTPAttributes]) -> list[bool]:
    return [stat.S_ISREG(entry.st_mode or 0) for entry in entries if not _is_folder(entry)]


def _is_folder(entry: paramiko.SFTPAttributes) -> bool:
    return stat.S_ISDIR(entry.st_mode or 0)
