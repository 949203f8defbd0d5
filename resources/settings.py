"""What the environment says, read once into frozen facts; os.environ is read nowhere else.

Nothing here connects to anything, and no secret ever appears in a repr or an error text.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, urlencode

from resources.environment import (
    InvalidSettingError,
    MissingSettingError,
    integer,
    required,
    text_or_file,
)
from resources.erp_settings import ErpChoice, read_erp
from resources.sftp_settings import SftpSettings, read_sftp

__all__ = [
    "CardSettings",
    "DatabaseSettings",
    "ErpChoice",
    "FhirSettings",
    "InvalidSettingError",
    "MissingSettingError",
    "Settings",
    "SftpSettings",
    "client_variables",
    "load_settings",
    "read_cards",
    "read_erp",
    "read_fhir",
    "read_sftp",
]

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
    "manager",
    "biller",
)


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
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)  # sslmode and others

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
        return f"postgresql://{login}:{quote(password, safe='')}@{place}{self.query}"

    @property
    def query(self) -> str:
        """Return the connection parameters as the end of a URL: `?sslmode=...`, or nothing."""
        return f"?{urlencode(self.parameters, quote_via=quote)}" if self.parameters else ""

    @property
    def client_variables(self) -> dict[str, str]:
        """Return the parameters as the variables that libpq reads, for clients that build URLs."""
        return client_variables(self.parameters)


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
class Settings:
    """Everything that the environment decides."""

    home: Path
    database: DatabaseSettings
    clearinghouse: SftpSettings
    bank: SftpSettings
    fhir: FhirSettings
    cards: CardSettings
    erp: ErpChoice
    hash_key: bytes = field(repr=False)
    as_of_moves: bool = False  # under `tieout up`, with what is received

    @property
    def archive_folder(self) -> Path:
        """Return the folder of the byte archive."""
        return self.home / "archive"

    @property
    def anchor_file(self) -> Path:
        """Return the file that keeps heads of the audit chain outside of the database."""
        return self.home / f"audit-anchors-{self.database.name}.txt"


def client_variables(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return connection parameters as the variables that libpq reads, by its own rule of names."""
    odd = {"connect_timeout": "PGCONNECT_TIMEOUT", "application_name": "PGAPPNAME"}
    return {
        odd.get(name, f"PG{name.upper().replace('_', '')}"): value
        for name, value in sorted(parameters.items())
    }


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises MissingSettingError or InvalidSettingError, naming the variable."""
    return Settings(
        home=Path(environ.get("TIEOUT_HOME") or ".tieout").absolute(),
        database=_database(environ),
        clearinghouse=read_sftp(environ, "clearinghouse"),
        bank=read_sftp(environ, "bank"),
        fhir=read_fhir(environ),
        cards=read_cards(environ),
        erp=read_erp(environ),
        hash_key=_hash_key(environ),
        as_of_moves=environ.get("TIEOUT_UP") == "1",
    )


def _database(environ: Mapping[str, str]) -> DatabaseSettings:
    passwords = {role: environ.get(_password_variable(role), "") for role in (*ROLES, "admin")}
    return DatabaseSettings(
        host=environ.get("TIEOUT_DB_HOST") or "127.0.0.1",
        port=integer(environ, "TIEOUT_DB_PORT", None),
        name=environ.get("TIEOUT_DB_NAME") or "tieout",
        role_prefix=required(environ, "TIEOUT_ROLE_PREFIX"),
        passwords=MappingProxyType({role: word for role, word in passwords.items() if word}),
        dagster_name=environ.get("TIEOUT_DAGSTER_DB_NAME") or "dagster",
        erp_name=environ.get("TIEOUT_ERP_DB_NAME") or "erp",
        admin_user=environ.get("TIEOUT_ADMIN_USER", ""),
        parameters=MappingProxyType(dict(parse_qsl(environ.get("TIEOUT_DB_PARAMETERS", "")))),
    )


def read_cards(environ: Mapping[str, str]) -> CardSettings:
    """Read the card processor. Raises MissingSettingError where its key is not given."""
    if not environ.get("TIEOUT_CARD_URL"):
        return CardSettings()
    return CardSettings(environ["TIEOUT_CARD_URL"], required(environ, "TIEOUT_CARD_KEY"))


def read_fhir(environ: Mapping[str, str]) -> FhirSettings:
    """Read the FHIR server. Raises MissingSettingError or InvalidSettingError."""
    if not environ.get("TIEOUT_FHIR_URL"):
        return FhirSettings()
    private_key = text_or_file(environ, "TIEOUT_FHIR_PRIVATE_KEY")
    return FhirSettings(
        url=environ["TIEOUT_FHIR_URL"].rstrip("/"),
        client_id=required(environ, "TIEOUT_FHIR_CLIENT_ID"),
        private_key=private_key or required(environ, "TIEOUT_FHIR_PRIVATE_KEY"),
        key_id=environ.get("TIEOUT_FHIR_KEY_ID", ""),
    )


def _hash_key(environ: Mapping[str, str]) -> bytes:
    try:
        key = bytes.fromhex(required(environ, "TIEOUT_HASH_KEY"))
    except ValueError:
        raise InvalidSettingError("TIEOUT_HASH_KEY", "hexadecimal") from None
    if len(key) < 16:
        raise InvalidSettingError("TIEOUT_HASH_KEY", "at least 16 bytes of hexadecimal")
    return key


def _password_variable(role: str) -> str:
    return "TIEOUT_ADMIN_PASSWORD" if role == "admin" else f"TIEOUT_PASSWORD_{role.upper()}"
