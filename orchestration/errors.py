"""Problems that a person can do something about: one line, no traceback, exit code 1."""

import sys

_OF_OTHERS = (
    ("psycopg", "OperationalError"),  # the database is away or refuses
    ("resources.erp.tryton_environment", "TrytonFailedError"),
    ("resources.environment", "InvalidSettingError"),
    ("resources.environment", "MissingSettingError"),
    ("resources.warehouse.postgres_place", "EmbeddedPostgresError"),
    ("resources.warehouse.ledger", "LedgerRefusedError"),
    ("resources.warehouse.server.errors", "MigrationError"),
)


class ExpectedError(Exception):
    """Something to be told, not traced; the text says what to do or where to look."""


def expected() -> tuple[type[Exception], ...]:
    """Classes of such problems, those of the parts below included.

    Nothing is imported: a class whose module is not loaded cannot have been raised.
    """
    loaded = [(sys.modules.get(module), name) for module, name in _OF_OTHERS]
    return (ExpectedError, *(getattr(module, name) for module, name in loaded if module))


def words(problem: Exception) -> str:
    """What may be said of any problem: our own texts and scrubbed ones, else only its class."""
    database = getattr(sys.modules.get("psycopg"), "Error", ExpectedError)
    is_ours = isinstance(problem, (*expected(), database))
    return str(problem) if is_ours else type(problem).__name__
