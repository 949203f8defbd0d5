"""Connections to the warehouse, one login per role, whose errors carry no value of any row.

PostgreSQL names the failing row in DETAIL and bad input in the message itself: both may be patient
data, so an error keeps its class, its SQLSTATE, the table and the constraint, and nothing else.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from resources.settings import DatabaseSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine

OWN_PREFIX = "TIEOUT "  # our functions raise with this prefix, and never with a document's value
Result = TypeVar("Result")


class ScrubbedConnection(psycopg.Connection[Any]):
    """A psycopg connection whose database errors are scrubbed, on every way they can arrive."""

    def wait(self, gen: Generator[Any, Any, Result], *args: Any, **options: Any) -> Result:
        """Run one exchange with the server; everything psycopg does passes through here."""
        try:
            return super().wait(gen, *args, **options)
        except psycopg.Error as error:
            raise scrub(error) from None


def scrub(error: psycopg.Error) -> psycopg.Error:
    """Return the same class of error with SQLSTATE, table and constraint only.

    Messages of our own functions (they begin with TIEOUT) are kept whole.
    """
    primary = error.diag.message_primary or ""
    if primary.startswith(OWN_PREFIX):
        return type(error)(primary)
    if error.diag.sqlstate is None:  # raised by the client: no server, no row in it
        return type(error)(str(error))
    found = {"table": error.diag.table_name, "constraint": error.diag.constraint_name}
    named = " ".join(f"{key} {value}" for key, value in found.items() if value)
    return type(error)(f"database error {error.diag.sqlstate} {named}".strip())


def connect(
    settings: DatabaseSettings, role: str, *, autocommit: bool = False
) -> psycopg.Connection[Any]:
    """Open a connection as the login of a role. Raises psycopg.OperationalError, scrubbed."""
    return ScrubbedConnection.connect(
        settings.url(role), autocommit=autocommit, application_name=f"tieout {role}"
    )


def engine(settings: DatabaseSettings, role: str) -> "Engine":
    """Return a SQLAlchemy engine for a role; it hides parameters and scrubs errors too."""
    from sqlalchemy import create_engine  # noqa: PLC0415 (slow to import, seldom needed)

    return create_engine(
        "postgresql+psycopg://", creator=lambda: connect(settings, role), hide_parameters=True
    )
