"""The database server: embedded, or the one that TIEOUT_DATABASE_URL names.

Where it is and how to have it answer; what the databases hold is in resources/warehouse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import psycopg

from orchestration.errors import ExpectedError
from orchestration.state import StateFolder, World
from resources.settings import client_variables
from resources.warehouse.embedded import EmbeddedPostgres

CONNECT_SECONDS = 10
OLDEST = 150000
SCHEMES = ("postgresql", "postgres")
OWN_PLACE = frozenset({"host", "hostaddr", "port", "user", "password", "dbname", "service"})
FITNESS = """
select current_setting('server_version_num')::int, rolsuper or (rolcreaterole and rolcreatedb)
from pg_roles where rolname = current_user
"""


class DatabaseUnfitError(ExpectedError):
    """The server that TIEOUT_DATABASE_URL names does not answer or is not what is needed."""


@dataclass(frozen=True)
class Address:
    """Where the server listens and who administers it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def query(self) -> str:
        """Connection parameters (sslmode and others) as they stand in a URL."""
        return urlencode(self.parameters, quote_via=quote)

    def url(self, database: str) -> str:
        """URL of one database for the administrator."""
        user, password = quote(self.user, safe=""), quote(self.password, safe="")
        url = f"postgresql://{user}:{password}@{self.host}:{self.port}/{quote(database, safe='')}"
        return f"{url}?{self.query}" if self.parameters else url


class Server(Protocol):
    """A database server as the launcher sees it."""

    def is_alive(self) -> bool:
        """Whether it answers now."""

    def has_process(self) -> bool:
        """Whether there is a process that may answer; one of somebody else's always may."""

    def start(self) -> None:
        """Have it answer."""

    def stop(self) -> None:
        """Stop it, if it is ours to stop."""

    def destroy(self) -> None:
        """Stop it and delete its data, if they are ours."""

    def address(self) -> Address:
        """Where it is, once started."""


class Embedded:
    """Our own PostgreSQL inside the state folder."""

    def __init__(self, state: StateFolder, secrets: Mapping[str, str]) -> None:
        """Nothing is started yet."""
        self._user = secrets["TIEOUT_ADMIN_USER"]
        self._password = secrets["TIEOUT_ADMIN_PASSWORD"]
        self.server = EmbeddedPostgres(
            state.postgres, admin_user=self._user, admin_password=self._password
        )

    def is_alive(self) -> bool:
        """Whether it answers now."""
        return self.server.is_alive()

    def has_process(self) -> bool:
        """Whether its process lives."""
        return self.server.has_process()

    def start(self) -> None:
        """Make the cluster where there is none, and start it."""
        self.server.start()

    def stop(self) -> None:
        """Stop it and wait."""
        self.server.stop()

    def destroy(self) -> None:
        """Delete the data, also where they lie outside the state folder."""
        if (self.server.folder / "place.json").exists():
            self.server.destroy()

    def address(self) -> Address:
        """Its port is chosen once and kept."""
        return Address("127.0.0.1", self.server.port, self._user, self._password)


class Foreign:
    """A server that somebody else runs: never started or stopped from here."""

    def __init__(self, url: str) -> None:
        """`url` is a postgresql:// URL of an administrator. Raises DatabaseUnfitError."""
        try:
            parts = urlsplit(url)
            port = parts.port or 5432
        except ValueError:
            raise DatabaseUnfitError("TIEOUT_DATABASE_URL: the port is no number") from None
        parameters = dict(parse_qsl(parts.query))
        if parts.scheme not in SCHEMES or not OWN_PLACE.isdisjoint(parameters):
            raise DatabaseUnfitError(
                "TIEOUT_DATABASE_URL: write postgresql://user:password@host:port/postgres, and "
                "only parameters such as sslmode after it"
            )
        self._address = Address(
            parts.hostname or "127.0.0.1",
            port,
            unquote(parts.username or "postgres"),
            unquote(parts.password or ""),
            parameters,
        )

    def is_alive(self) -> bool:
        """Whether it lets us in now."""
        try:
            self.start()
        except DatabaseUnfitError:
            return False
        return True

    def has_process(self) -> bool:
        """Taken for granted: it is not ours to start."""
        return True

    def start(self) -> None:
        """See that it lets us in and is what we need. Raises DatabaseUnfitError."""
        where = f"{self._address.host}:{self._address.port}"
        try:
            with psycopg.connect(
                self._address.url("postgres"), connect_timeout=CONNECT_SECONDS
            ) as connection:
                found = connection.execute(FITNESS).fetchone() or (0, False)
        except psycopg.OperationalError as problem:
            cause = str(problem).strip().splitlines()[-1]
            raise DatabaseUnfitError(f"TIEOUT_DATABASE_URL: {where} refuses: {cause}") from None
        if found[0] < OLDEST:
            raise DatabaseUnfitError(f"TIEOUT_DATABASE_URL: {where} is older than PostgreSQL 15")
        if not found[1]:
            raise DatabaseUnfitError(
                f"TIEOUT_DATABASE_URL: the user {self._address.user} of {where} may not create "
                "roles and databases; name an administrator"
            )

    def stop(self) -> None:
        """Nothing to do."""

    def destroy(self) -> None:
        """Nothing is deleted on a server that is not ours."""

    def address(self) -> Address:
        """As the URL says."""
        return self._address


def choose_server(
    state: StateFolder, secrets: Mapping[str, str], environ: Mapping[str, str]
) -> Server:
    """The server that TIEOUT_DATABASE_URL names, else the embedded one."""
    url = environ.get("TIEOUT_DATABASE_URL")
    return Foreign(url) if url else Embedded(state, secrets)


def database_variables(
    address: Address, world: World, environ: Mapping[str, str]
) -> dict[str, str]:
    """Variables by which every part finds the databases of this world; given base names stay."""
    base = {
        "TIEOUT_DB_NAME": "tieout",
        "TIEOUT_DAGSTER_DB_NAME": "dagster",
        "TIEOUT_ERP_DB_NAME": "erp",
    }
    named = {key: world.database(environ.get(key) or value) for key, value in base.items()}
    return {
        "TIEOUT_DB_HOST": address.host,
        "TIEOUT_DB_PORT": str(address.port),
        "TIEOUT_ADMIN_USER": address.user,
        "TIEOUT_ADMIN_PASSWORD": address.password,
        "TIEOUT_DB_PARAMETERS": address.query,
        **client_variables(address.parameters),  # for dbt and Dagster, whose clients read these
        **named,
    }
