"""What commands of people share: a connection of the person's own login, where a refusal by the
database is one line, and the one thing among many that a number names."""

# ruff: noqa: PLC0415 (a command imports what it needs when it is asked for, so that help is quick)
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

T = TypeVar("T")


@contextmanager
def acting_as(context: typer.Context, login: str) -> Iterator[tuple[Any, Any]]:
    """Yield connection and settings; what was done is kept unless the database refused it.

    Raises ExpectedError for a refusal, for what the login may not do, and for a value that a
    column does not take.
    """
    from psycopg.errors import CheckViolation, InsufficientPrivilege

    from orchestration.errors import ExpectedError
    from orchestration.launcher import Launcher
    from orchestration.progress import Progress
    from resources.warehouse.database import connect
    from resources.warehouse.ledger import LedgerRefusedError

    launcher = Launcher(dict(context.find_root().obj), Progress(is_quiet=True))
    with launcher.database() as settings, connect(settings.database, login) as connection:
        try:
            yield connection, settings
        except LedgerRefusedError as refusal:
            raise ExpectedError(f"refused: {refusal}") from None
        except CheckViolation as violation:
            raise ExpectedError(f"refused: {violation}") from None
        except InsufficientPrivilege:
            raise ExpectedError(f"refused: the login {login} may not do this") from None
        connection.commit()


def numbered(found: Iterable[T], key: str, number: int, noun: str) -> T:
    """Return the one whose `key` is the number that a person gave; ExpectedError without one."""
    from orchestration.errors import ExpectedError

    for one in found:
        if getattr(one, key) == number:
            return one
    raise ExpectedError(f"there is no {noun} {number}")
