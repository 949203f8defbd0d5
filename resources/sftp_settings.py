"""Which SFTP server a source is on, and how to log in there.

TIEOUT_SFTP_* is for both sources; TIEOUT_BANK_SFTP_* and TIEOUT_CLEARINGHOUSE_SFTP_* say otherwise
for one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from resources.environment import listed, port, required, seconds, text_or_file

DEFAULT_CLEARINGHOUSE_FOLDERS = "/clearinghouse/sent,/clearinghouse/remittances"
DEFAULT_BANK_FOLDERS = "/bank/statements,/bank/ach"
SOURCES = ("clearinghouse", "bank")
_LOGIN = (
    "HOST", "PORT", "USER", "PASSWORD", "PRIVATE_KEY", "PRIVATE_KEY_FILE",
    "PRIVATE_KEY_PASSPHRASE", "HOST_KEY", "KNOWN_HOSTS",
)  # fmt: skip


@dataclass(frozen=True)
class SftpSettings:
    """One SFTP server with a login, and the folders of each source on it."""

    host: str = ""
    port: int = 22
    user: str = ""
    password: str = field(default="", repr=False)
    host_key: str = ""  # one `type base64`, or several with commas between
    clearinghouse_folders: tuple[str, ...] = ()
    bank_folders: tuple[str, ...] = ()
    stable_seconds: float = 1.0
    incomplete_after_seconds: float = 300.0
    answer_seconds: float = 30.0
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    known_hosts: str = ""  # path of a file, instead of a pinned key

    @property
    def is_configured(self) -> bool:
        """Say whether a server is named at all."""
        return bool(self.host)

    @property
    def address(self) -> str:
        """Return host and port, for people."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class _Variables:
    """Which variable says what of a source: its own, or the one for both."""

    environ: Mapping[str, str]
    source: str

    def name(self, what: str) -> str:
        """Return the variable's name. A host of its own gets nothing of the other's login."""
        own = f"TIEOUT_{self.source.upper()}_SFTP_{what}"
        has_own_host = bool(self.environ.get(f"TIEOUT_{self.source.upper()}_SFTP_HOST"))
        is_own = self.environ.get(own) or (has_own_host and what in _LOGIN)
        return own if is_own else f"TIEOUT_SFTP_{what}"

    def get(self, what: str) -> str:
        """Return the value, or nothing."""
        return self.environ.get(self.name(what), "")

    def private_key(self) -> str:
        """Return the key itself, from a variable or a file."""
        if self.get("PRIVATE_KEY"):
            return text_or_file(self.environ, self.name("PRIVATE_KEY"))
        return text_or_file(self.environ, self.name("PRIVATE_KEY_FILE").removesuffix("_FILE"))


def read_sftp(environ: Mapping[str, str], source: str) -> SftpSettings:
    """Read the server of `source`, clearinghouse or bank; an empty one where none is named.

    Raises MissingSettingError or InvalidSettingError, naming the variable.
    """
    known = _Variables(environ, source)
    if not known.get("HOST"):
        return SftpSettings()
    has_known_hosts = bool(known.get("KNOWN_HOSTS"))
    return SftpSettings(
        host=known.get("HOST"),
        port=port(environ, known.name("PORT"), 22),
        user=required(environ, known.name("USER")),
        password=known.get("PASSWORD"),
        host_key=known.get("HOST_KEY")
        if has_known_hosts
        else required(environ, known.name("HOST_KEY")),
        clearinghouse_folders=listed(
            environ, "TIEOUT_SFTP_CLEARINGHOUSE_FOLDERS", DEFAULT_CLEARINGHOUSE_FOLDERS
        ),
        bank_folders=listed(environ, "TIEOUT_SFTP_BANK_FOLDERS", DEFAULT_BANK_FOLDERS),
        stable_seconds=seconds(environ, known.name("STABLE_SECONDS"), 1.0),
        incomplete_after_seconds=seconds(environ, known.name("INCOMPLETE_AFTER_SECONDS"), 300.0),
        answer_seconds=seconds(environ, known.name("ANSWER_SECONDS"), 30.0),
        private_key=known.private_key(),
        passphrase=known.get("PRIVATE_KEY_PASSPHRASE"),
        known_hosts=known.get("KNOWN_HOSTS"),
    )
