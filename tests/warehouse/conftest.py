"""A ledger to work on, in whatever state a test begins with."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fixtures.books import (
    BEGINNINGS,
    Begun,
    Books,
    begins,
    keep,
    open_books,
    post_and_approve,
)
from tests.fixtures.packs import make

Beginning = Callable[[Books], object]


@pytest.fixture(scope="session")
def begun(template: str, clone_of: Any) -> Callable[[Beginning | None], Begun]:
    """A function: the state in which a beginning leaves an empty ledger, built once."""

    @functools.cache
    def of(build: Beginning | None) -> Begun:
        with clone_of(of(None).template if build else template) as database:
            if build is None:
                return keep(open_books(database, date(2026, 1, 1), date(2026, 12, 31)))
            books = of(None).books(database)
            build(books)
            return keep(books)

    return of


@pytest.fixture
def books(request: pytest.FixtureRequest, begun: Any, clone_of: Any) -> Iterator[Books]:
    """A ledger with the months of 2026 open for both entities, in the state that the test names.

    It is empty unless one of the test's fixtures is a beginning.
    """
    modules = (request.module.__name__, __name__)
    named = [BEGINNINGS.get((of, name)) for of in modules for name in request.fixturenames]
    kept = begun(next(filter(None, named), None))
    with clone_of(kept.template) as database:
        yield kept.books(database)


@pytest.fixture(scope="session")
def new_books(begun: Any, clone_of: Any) -> Any:
    """An empty ledger for each example of a property."""

    @contextlib.contextmanager
    def make() -> Iterator[Books]:
        with clone_of(begun(None).template) as database:
            yield begun(None).books(database)

    return make


@begins
def posted(books: Books) -> None:
    """A ledger with one posted entry, one approved, and one that waits for a person."""
    post_and_approve(books)


@pytest.fixture(scope="module")
def made_once(
    request: pytest.FixtureRequest, begun: Any, clone_of: Any, tmp_path_factory: Any
) -> Callable[..., Path]:
    """A function: the evidence pack of a beginning of this module, made once; tests copy it."""

    @functools.cache
    def of(name: str, **changes: object) -> Path:
        kept = begun(BEGINNINGS[request.module.__name__, name])
        with clone_of(kept.template) as database:
            folder = tmp_path_factory.mktemp("packs") / "pack"
            return make(kept.books(database), folder, **changes).folder

    return of


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
