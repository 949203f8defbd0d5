"""Audit chain, entries, signatures and all else of the ledger, verified from rows in Python.

The database's own verify_* functions are asked for one thing only: whether they say the same. One
that finds nothing where rows show damage was changed itself.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import psycopg

from billing.evidence.living import CHAIN, check_places, run, verify_living
from billing.evidence.verify_pack import Check
from resources.warehouse.living_tables import living_tables

Connection = psycopg.Connection[Any]
OWN_WORD = "functions of the database"
# The database's own functions, and the checks whose damage each of them sees.
OWN = {
    "verify_chain": (CHAIN, "policies", "periods and corrections"),
    "verify_entries": ("content of entries", "signatures"),
    "verify_requests": ("requests",),
    "verify_releases": ("releases",),
    "verify_restatements": ("restatements",),
    "verify_estimates": ("estimates",),
    "verify_openings": ("opening lists",),
    "verify_carried": ("carried balances",),
    "verify_recorded": ("digests",),
}


def verify(connection: Connection) -> list[Check]:
    """Every check of the ledger; whatever stops one is its problem.

    The login reads ledger and ops: auditor or an approver.
    """
    return list(verify_living(partial(living_tables, connection), words))


def verify_anchors(connection: Connection, name: str, anchors: Mapping[str, str]) -> Check:
    """The chain against anchors that are kept elsewhere; `anchors` says where each was read."""
    look = partial(check_places, anchors=anchors)
    return run(name, look, partial(living_tables, connection), words)


def compare_functions(connection: Connection, found: Iterable[Check]) -> Check:
    """Whether the database's functions see what rows show: a role that may call them."""
    check = Check(OWN_WORD)
    damaged = {one.name for one in found if one.problems}
    for name, seen in OWN.items():
        problem = _said(connection, name, has_problems=not damaged.isdisjoint(seen))
        check.expect(not problem, f"ledger.{name} {problem}")
    return check


def problems(connection: Connection) -> list[str]:
    """What was tampered with, each with its check: nothing, normally."""
    return [f"{one.name}: {words}" for one in verify(connection) for words in one.problems]


def words(problem: Exception) -> str:
    """What may be said of an exception: scrubbed errors of the database, else only the class."""
    if isinstance(problem, psycopg.Error):
        return str(problem)
    return type(problem).__name__


def _said(connection: Connection, name: str, *, has_problems: bool) -> str:
    """What is wrong with the word of a function; nothing where it agrees with the rows."""
    query = f"select count(*) from ledger.{name}()"  # noqa: S608 (names of our own)
    try:
        with connection.transaction(force_rollback=True):
            row = connection.execute(query.encode()).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return ""  # a login that may not call it learns nothing from it
    except psycopg.Error as problem:
        return f"cannot be asked: {words(problem)}"
    if has_problems and row == (0,):
        return "finds nothing, rows show problems: it was changed, or cannot see them"
    if not has_problems and row != (0,):
        return "finds problems, rows show none"
    return ""
