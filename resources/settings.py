"""What the environment says, read once into frozen facts. The only module that reads os.environ.

Nothing here connects to anything, and no secret ever appears in a repr or an error text.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote

ROLES = (
    "ingest",
    "transform",
    "preparer",
    "policy",
    "approver",
    "poster",
    "bi_reader",
    "auditor",
    "dagster",
    "erp",
    "controller",
)
DEFAULT_CLEARINGHOUSE_FOLDERS = "/clearinghouse/sent,/clearinghouse/remittances"
DEFAULT_BANK_FOLDERS = "/bank/statements,/bank/ach"
Value = TypeVar("Value")


class MissingSettingError(Exception):
    """A variable that the asked-for part needs is absent; the text names the variable only."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"the environment variable {variable} is not set")
        self.variable = variable


class InvalidSettingError(Exception):
    """A variable is there but cannot be used; the text names the variable and the rule only."""

    def __init__(self, variable: str, rule: str) -> None:
        super().__init__(f"the environment variable {variable} must be {rule}")
        self.variable = variable


@dataclass(frozen=True)
class DatabaseSettings:
    """Where Postgres is and how each role logs in."""

    host: str
    port: int
    name: str
    role_prefix: str
    passwords: Mapping[str, str] = field(repr=False)
    dagster_name: str = "dagster"
    erp_name: str = "erp"
    admin_user: str = ""

    def login(self, role: str) -> str:
        """Return the login of a role: the installation's prefix and the role in lower case."""
        if role == "admin":
            return self.admin_user
        return f"{self.role_prefix}_{role.lower()}"

    def url(self, role: str, name: str | None = None) -> str:
        """Return a psycopg 3 URL for `role` on database `name` (default: this database).

        Raises MissingSettingError when no password is known for the role.
        """
        password = self.passwords.get(role.lower())
        if not password:
            raise MissingSettingError(_password_variable(role))
        if role == "admin" and not self.admin_user:
            raise MissingSettingError("TIEOUT_ADMIN_USER")
        login = quote(self.login(role), safe="")
        place = f"{self.host}:{self.port}/{quote(name or self.name, safe='')}"
        return f"postgresql://{login}:{quote(password, safe='')}@{place}"


@dataclass(frozen=True)
class SftpSettings:
    """One SFTP server and the folders of each source on it."""

    host: str = ""
    port: int = 22
    user: str = ""
    password: str = field(default="", repr=False)
    host_key: str = ""
    clearinghouse_folders: tuple[str, ...] = ()
    bank_folders: tuple[str, ...] = ()
    stable_seconds: float = 1.0
    incomplete_after_seconds: float = 300.0

    @property
    def is_configured(self) -> bool:
        """Say whether a server is named at all."""
        return bool(self.host)


@dataclass(frozen=True)
class FhirSettings:
    """A FHIR Bulk Data server with SMART Backend Services."""

    url: str = ""
    client_id: str = ""
    private_key: str = field(default="", repr=False)
    key_id: str = ""

    @property
    def is_configured(self) -> bool:
        """Say whether a server is named at all."""
        return bool(self.url)


@dataclass(frozen=True)
class CardSettings:
    """The card processor's list API."""

    url: str = ""
    key: str = field(default="", repr=False)

    @property
    def is_configured(self) -> bool:
        """Say whether a processor is named at all."""
        return bool(self.url)


@dataclass(frozen=True)
class ErpSettings:
    """The ERP's address; a REST key and a company for each legal entity."""

    url: str = ""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    companies: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_configured(self) -> bool:
        """Say whether an ERP is named at all."""
        return bool(self.url)

    def key(self, entity: str) -> str:
        """Return the REST key of the entity's own user, or raise MissingSettingError."""
        return _known(self.keys, entity, f"TIEOUT_ERP_KEY_{entity}")

    def company(self, entity: str) -> int:
        """Return the entity's company id in the ERP, or raise MissingSettingError."""
        return _known(self.companies, entity, f"TIEOUT_ERP_COMPANY_{entity}")


@dataclass(frozen=True)
class Settings:
    """Everything that the environment decides."""

    home: Path
    database: DatabaseSettings
    sftp: SftpSettings
    fhir: FhirSettings
    cards: CardSettings
    erp: ErpSettings
    hash_key: bytes = field(repr=False)

    @property
    def archive_folder(self) -> Path:
        """Return the folder of the byte archive."""
        return self.home / "archive"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises MissingSettingError or InvalidSettingError, naming the variable."""
    return Settings(
        home=Path(environ.get("TIEOUT_HOME") or ".tieout").absolute(),
        database=_database(environ),
        sftp=_sftp(environ),
        fhir=_fhir(environ),
        cards=CardSettings(
            url=environ.get("TIEOUT_CARD_URL", ""), key=environ.get("TIEOUT_CARD_KEY", "")
        ),
        erp=_erp(environ),
        hash_key=_hash_key(environ),
    )


def _database(environ: Mapping[str, str]) -> DatabaseSettings:
    passwords = {role: environ.get(_password_variable(role), "") for role in (*ROLES, "admin")}
    return DatabaseSettings(
        host=environ.get("TIEOUT_DB_HOST") or "127.0.0.1",
        port=_integer(environ, "TIEOUT_DB_PORT", None),
        name=environ.get("TIEOUT_DB_NAME") or "tieout",
        role_prefix=_required(environ, "TIEOUT_ROLE_PREFIX"),
        passwords=MappingProxyType({role: word for role, word in passwords.items() if word}),
        dagster_name=environ.get("TIEOUT_DAGSTER_DB_NAME") or "dagster",
        erp_name=environ.get("TIEOUT_ERP_DB_NAME") or "erp",
        admin_user=environ.get("TIEOUT_ADMIN_USER", ""),
    )


def _sftp(environ: Mapping[str, str]) -> SftpSettings:
    if not environ.get("TIEOUT_SFTP_HOST"):
        return SftpSettings()
    return SftpSettings(
        host=environ["TIEOUT_SFTP_HOST"],
        port=_integer(environ, "TIEOUT_SFTP_PORT", 22),
        user=_required(environ, "TIEOUT_SFTP_USER"),
        password=environ.get("TIEOUT_SFTP_PASSWORD", ""),
        host_key=_required(environ, "TIEOUT_SFTP_HOST_KEY"),
        clearinghouse_folders=_list(
            environ, "TIEOUT_SFTP_CLEARINGHOUSE_FOLDERS", DEFAULT_CLEARINGHOUSE_FOLDERS
        ),
        bank_folders=_list(environ, "TIEOUT_SFTP_BANK_FOLDERS", DEFAULT_BANK_FOLDERS),
        stable_seconds=_seconds(environ, "TIEOUT_SFTP_STABLE_SECONDS", 1.0),
        incomplete_after_seconds=_seconds(environ, "TIEOUT_SFTP_INCOMPLETE_AFTER_SECONDS", 300.0),
    )


def _fhir(environ: Mapping[str, str]) -> FhirSettings:
    if not environ.get("TIEOUT_FHIR_URL"):
        return FhirSettings()
    return FhirSettings(
        url=environ["TIEOUT_FHIR_URL"].rstrip("/"),
        client_id=_required(environ, "TIEOUT_FHIR_CLIENT_ID"),
        private_key=_required(environ, "TIEOUT_FHIR_PRIVATE_KEY").replace("\\n", "\n"),
        key_id=environ.get("TIEOUT_FHIR_KEY_ID", ""),
    )


def _erp(environ: Mapping[str, str]) -> ErpSettings:
    keys = _by_entity(environ, "TIEOUT_ERP_KEY_")
    companies = {
        entity: _integer(environ, f"TIEOUT_ERP_COMPANY_{entity}", None)
        for entity in _by_entity(environ, "TIEOUT_ERP_COMPANY_")
    }
    return ErpSettings(
        url=environ.get("TIEOUT_ERP_URL", "").rstrip("/"),
        keys=MappingProxyType(keys),
        companies=MappingProxyType(companies),
    )


def _hash_key(environ: Mapping[str, str]) -> bytes:
    try:
        key = bytes.fromhex(_required(environ, "TIEOUT_HASH_KEY"))
    except ValueError:
        raise InvalidSettingError("TIEOUT_HASH_KEY", "hexadecimal") from None
    if len(key) < 16:
        raise InvalidSettingError("TIEOUT_HASH_KEY", "at least 16 bytes of hexadecimal")
    return key


def _by_entity(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    found = ((name.removeprefix(prefix), name) for name in environ if name.startswith(prefix))
    return {entity: environ[name] for entity, name in sorted(found) if environ[name]}


def _password_variable(role: str) -> str:
    return "TIEOUT_ADMIN_PASSWORD" if role == "admin" else f"TIEOUT_PASSWORD_{role.upper()}"


def _required(environ: Mapping[str, str], variable: str) -> str:
    value = environ.get(variable, "")
    if not value:
        raise MissingSettingError(variable)
    return value


def _integer(environ: Mapping[str, str], variable: str, default: int | None) -> int:
    text = environ.get(variable, "") or ("" if default is None else str(default))
    if not text:
        raise MissingSettingError(variable)
    if not text.isdecimal():
        raise InvalidSettingError(variable, "a whole number")
    return int(text)


def _seconds(environ: Mapping[str, str], variable: str, default: float) -> float:
    try:
        seconds = float(environ.get(variable) or default)
    except ValueError:
        raise InvalidSettingError(variable, "a number of seconds") from None
    if not 0 <= seconds < float("inf"):
        raise InvalidSettingError(variable, "a number of seconds, zero or more")
    return seconds


def _list(environ: Mapping[str, str], variable: str, default: str) -> tuple[str, ...]:
    parts = (environ.get(variable) or default).split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _known(values: Mapping[str, Value], entity: str, variable: str) -> Value:
    if entity not in values:
        raise MissingSettingError(variable)
    return values[entity]
