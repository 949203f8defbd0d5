"""A ledger to work on, in whatever state a test begins with."""

import contextlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.fixtures.books import Books, Event, demanded, open_books


@pytest.fixture(scope="session")
def demand_of() -> Any:
    """The function `demanded`, for tests that cannot import this file."""
    return demanded


@pytest.fixture(scope="session")
def ledger_line() -> type[Event]:
    """The class of demanded events, for tests that cannot import this file."""
    return Event


@pytest.fixture
def books(database: Any) -> Books:
    """An empty ledger with the months of 2026 open for both entities."""
    return open_books(database, date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture(scope="session")
def new_books(databases: Any) -> Any:
    """An empty ledger for each example of a property."""

    @contextlib.contextmanager
    def make() -> Iterator[Books]:
        with databases() as database:
            yield open_books(database, date(2026, 1, 1), date(2026, 12, 31))

    return make


@pytest.fixture
def posted(books: Books) -> Books:
    """A ledger with one posted entry, one approved, and one that waits for a person."""
    first = Event("a", "charge.posted", "100.00")
    books.run([first])
    second = Event("b", "remit.paid", "60.00", day=date(2026, 9, 20))
    books.demand([first, second, Event("c", "credit.reclass.patient", "20.00", date(2026, 9, 21))])
    books.propose()
    books.approve()
    return books


@pytest.fixture(scope="session")
def refused() -> Any:
    """A function that expects the database to refuse a statement with a code of ours."""

    def expect(connection: Any, query: str, *values: object, code: str) -> None:
        with pytest.raises(psycopg.errors.RaiseException, match=f"^TIEOUT {code}"):
            connection.execute(query, values or None)

    return expect


@pytest.fixture
def second_person(books: Books) -> Iterator[psycopg.Connection[Any]]:
    """Log in as another person of the approvers."""
    prefix = books.database.settings.role_prefix
    admin = books.database.admin()
    admin.execute(f"drop role if exists {prefix}_second")
    admin.execute(f"create role {prefix}_second login password 'second' in role {prefix}_approver")
    settings = books.database.settings
    yield psycopg.connect(
        f"postgresql://{prefix}_second:second@127.0.0.1:{settings.port}/{settings.name}",
        autocommit=True,
    )
    admin.execute(f"drop role {prefix}_second")


@pytest.fixture
def owning(books: Books) -> Iterator[Any]:
    """Give a login the owner's rights for one test: `owning("controller")` is its session."""
    prefix, given = books.database.settings.role_prefix, []

    def give(role: str) -> psycopg.Connection[Any]:
        given.append(role)
        books.database.admin().execute(f"grant {prefix}_owner to {prefix}_{role}")
        person = books.database.connect(role)
        person.execute(f"set role {prefix}_owner")
        return person

    yield give
    for role in given:
        books.database.admin().execute(f"revoke {prefix}_owner from {prefix}_{role}")
