"""One connection to an SFTP server: pinned host key, one login, and an end to every wait.

Names that a server lists may be any bytes; they come back as text that turns into the same bytes.
"""

from __future__ import annotations

import base64
import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import paramiko
import stamina
from paramiko.message import Message

from resources.environment import InvalidSettingError
from resources.receipt import SourceError
from resources.sftp_settings import SftpSettings

CONNECT_SECONDS = 15.0
ANSWER_SECONDS = 30.0
QUIET = "tieout.sftp"  # what breaks is an error of ours; paramiko's own words are not for a screen
ATTEMPTS = 4
SILENCE = ("banner", "No existing session")  # how paramiko says that nothing came in time
BROKEN = (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError)
Kind = TypeVar("Kind", bound=SourceError)


class SftpError(SourceError):
    """The server cannot be used; the text names the server and the rule."""

    code = "SOURCE_OUT_OF_REACH"


class HostKeyChangedError(SftpError):
    """The server shows another key than the pinned one: nothing was sent to it."""

    code = "SOURCE_HOST_KEY"


class LoginRefusedError(SftpError):
    """The server refused the login. It is tried once only: servers block after a few failures."""

    code = "SOURCE_LOGIN"


class BrokenOffError(SftpError):
    """The connection ended, or the server said nothing for too long, after the login."""

    code = "SOURCE_BROKE_OFF"


@contextmanager
def connected(
    settings: SftpSettings,
    *,
    attempts: int = ATTEMPTS,
    connect_seconds: float = CONNECT_SECONDS,
    transport: type[paramiko.Transport] = paramiko.Transport,
) -> Iterator[paramiko.SFTPClient]:
    """Open one connection. Being out of reach is tried again, a refusal is not.

    Raises HostKeyChangedError, LoginRefusedError, SftpError, InvalidSettingError; whatever breaks
    off later is a BrokenOffError that names the server and the class of the error.
    """
    ssh = paramiko.SSHClient()
    ssh.set_log_channel(QUIET)
    _hush()
    _trust(ssh, settings)
    private_key = _private_key(settings)
    try:
        _connect(ssh, settings, private_key, (attempts, connect_seconds, transport))
        with deadline(ssh.close, settings.answer_seconds):
            client = _open(ssh.get_transport(), settings.answer_seconds)
        yield client
    except BROKEN as error:
        place = settings.address
        raise BrokenOffError(f"{place} broke off ({type(error).__name__})") from None
    finally:
        ssh.close()


@contextmanager
def deadline(close: Callable[[], None], seconds: float) -> Iterator[None]:
    """Close the connection when the block takes longer: whatever waits in it then fails."""
    timer = threading.Timer(seconds, close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def close_of(client: paramiko.SFTPClient) -> Callable[[], None]:
    """Return what ends the connection of a client, whatever waits on it."""
    channel = client.get_channel()
    transport = channel.get_transport() if channel else None
    return transport.close if transport else client.close


def another(client: paramiko.SFTPClient) -> paramiko.SFTPClient:
    """Open a further channel on the connection of a client, as patient as the client is.

    Raises SSHException, EOFError or OSError: the server allows no more of them.
    """
    channel = client.get_channel()
    if channel is None:
        raise EOFError
    seconds = channel.gettimeout() or ANSWER_SECONDS
    with deadline(channel.get_transport().close, seconds):
        return _open(channel.get_transport(), seconds)


def is_alive(client: paramiko.SFTPClient) -> bool:
    """Say whether the connection still stands: an error was then about one file."""
    channel = client.get_channel()
    return bool(channel and not channel.closed and channel.get_transport().is_active())


def pinned_keys(text: str) -> list[paramiko.PKey]:
    """Read host keys, `type base64`, commas between several. Raises InvalidSettingError."""
    try:
        return [_key(*line.split()[:2]) for line in text.split(",")]
    except (ValueError, TypeError, paramiko.SSHException):
        raise InvalidSettingError("TIEOUT_SFTP_HOST_KEY", "a line `type base64`") from None


class IdleTransport(paramiko.Transport):
    """For a connection that waits most of its time: ten wake-ups a second become one in two.

    Closing it takes up to two seconds.
    """

    _active_check_timeout = 2.0


class _AnyNames(paramiko.SFTPClient):
    """A client that can list any name: the protocol has bytes, paramiko expects UTF-8."""

    def _request(self, kind: int, *args: Any) -> tuple[int, Message]:
        # The stubs do not know the method, which paramiko has as its own.
        code, message = super()._request(kind, *args)  # type: ignore[misc]
        return code, _Tolerant(message.get_remainder())


class _Tolerant(Message):
    def get_text(self) -> str:
        """Return text that `encode("utf-8", "surrogateescape")` turns into the same bytes."""
        return self.get_string().decode("utf-8", "surrogateescape")


def _key(kind: str, encoded: str) -> paramiko.PKey:
    return paramiko.PKey.from_type_string(kind, base64.b64decode(encoded, validate=True))


def _hush() -> None:
    logger = logging.getLogger(QUIET)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


def _trust(ssh: paramiko.SSHClient, settings: SftpSettings) -> None:
    """Know the server's key, and no other: an unknown one is refused."""
    ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
    if settings.known_hosts:
        if not Path(settings.known_hosts).is_file():
            raise InvalidSettingError("TIEOUT_SFTP_KNOWN_HOSTS", "a file that can be read")
        ssh.load_host_keys(settings.known_hosts)
        return
    name = settings.host if settings.port == 22 else f"[{settings.host}]:{settings.port}"
    for key in pinned_keys(settings.host_key):
        ssh.get_host_keys().add(name, key.get_name(), key)


def _private_key(settings: SftpSettings) -> paramiko.PKey | None:
    if not settings.private_key:
        return None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(paramiko.SSHException, ValueError, IndexError, TypeError):
            text = io.StringIO(settings.private_key.strip() + "\n")
            return kind.from_private_key(text, settings.passphrase or None)
    raise InvalidSettingError(
        "TIEOUT_SFTP_PRIVATE_KEY", "an Ed25519, ECDSA or RSA key, with its passphrase if it has one"
    )


def _connect(
    ssh: paramiko.SSHClient,
    settings: SftpSettings,
    private_key: paramiko.PKey | None,
    how: tuple[int, float, type[paramiko.Transport]],
) -> None:
    place, (attempts, connect_seconds, transport) = settings.address, how
    retries = stamina.retry_context(on=_is_passing, attempts=attempts, timeout=60)
    try:
        for attempt in retries:
            with attempt:
                ssh.connect(
                    settings.host,
                    settings.port,
                    settings.user,
                    settings.password or None,
                    pkey=private_key,
                    timeout=connect_seconds,
                    banner_timeout=connect_seconds,
                    auth_timeout=connect_seconds,
                    allow_agent=False,
                    look_for_keys=False,
                    # The stubs still name arguments that paramiko 4 no longer passes.
                    transport_factory=transport,  # type: ignore[arg-type]
                )
    except paramiko.BadHostKeyException:
        raise HostKeyChangedError(f"{place} shows another host key than the pinned one") from None
    except paramiko.AuthenticationException as error:
        if "timeout" in str(error).lower():
            raise _silent(place) from None
        raise LoginRefusedError(f"{place} refuses the login") from None
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise _unreachable(place, error) from None


def _is_passing(error: Exception) -> bool:
    """A server that is silent has had its time; one that is away may be back at once."""
    return isinstance(error, OSError | EOFError) and not isinstance(error, TimeoutError)


def _unreachable(place: str, error: Exception) -> SftpError:
    if isinstance(error, socket.gaierror):
        return _error(SftpError, f"{place}: the name is not known", "SOURCE_NAME_UNKNOWN")
    if isinstance(error, TimeoutError) or any(word in str(error) for word in SILENCE):
        return _silent(place)
    if "known_hosts" in str(error):
        return HostKeyChangedError(f"{place}: its host key is not among the known ones")
    return SftpError(f"{place} is out of reach ({type(error).__name__})")


def _silent(place: str) -> SftpError:
    return _error(SftpError, f"{place} accepts and does not answer", "SOURCE_NO_ANSWER")


def _error(kind: type[Kind], text: str, code: str) -> Kind:
    made = kind(text)
    made.code = code
    return made


def _open(transport: paramiko.Transport | None, answer_seconds: float) -> paramiko.SFTPClient:
    client = _AnyNames.from_transport(transport) if transport else None
    if client is None:
        raise EOFError
    if channel := client.get_channel():
        channel.settimeout(answer_seconds)
    return client
