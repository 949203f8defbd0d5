"""Typed calls of the database's functions for the release of rules. Every decision is made there.

Callers own the transaction. What runs here is worked out in `resources/code_identity.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from psycopg.rows import class_row

from resources.code_identity import Identity
from resources.warehouse.ledger import Connection, call

Act = Literal["approved", "refused", "withdrawn"]
MADE = """
select coalesce(rule_set_hash, '') as rule_set_hash, coalesce(code_hash, '') as code_hash,
       count(*)::int as entries, sum(gross_amount) as gross_amount,
       min(proposed_at) as first_at, max(proposed_at) as last_at,
       max(author) as author, max(approver) as approver, max(deployer) as deployer,
       max(approved_at) as approved_at, bool_and(is_released) as is_released
from ledger.entry join ledger.entry_release using (entry_id)
where state <> 'void'
group by 1, 2 order by first_at, 1, 2
"""
IN_FORCE = """
select rule_set_hash, code_hash, deployer,
       (select is_required from ledger.release_requirement) as release_required,
       deployed_at, exists (
    select from ledger.released_rules as released
    where (released.rule_set_hash, released.code_hash)
        = (deployment.rule_set_hash, deployment.code_hash)) as is_released
from ledger.rule_deployment as deployment order by deployment_id desc limit 1
"""
RAN = """
select coalesce(build.rule_set_hash, '') as rule_set_hash,
       coalesce(build.code_hash, '') as code_hash, released.release_id is not null as is_released
from ops.build as build left join ledger.released_rules as released
    using (rule_set_hash, code_hash)
where build.build_id = %s
"""


@dataclass(frozen=True)
class Release:
    """A release as it stands; `state` is open, approved, refused or withdrawn.

    `files` has the SHA-256 of each file of the rule set by its path.
    """

    release_id: int
    rule_set_hash: str
    code_hash: str
    files: Mapping[str, str]
    reason: str
    author: str
    asked_at: datetime
    state: str
    approver: str | None
    decided_at: datetime | None
    deployer: str | None
    deployed_at: datetime | None


@dataclass(frozen=True)
class InForce:
    """What was deployed last; `is_released`: three different logins stand behind it."""

    rule_set_hash: str
    code_hash: str
    release_required: bool
    deployer: str
    deployed_at: datetime
    is_released: bool


@dataclass(frozen=True)
class Ran:
    """Rules and code of a build, empty where it did not say, and whether they are released."""

    rule_set_hash: str
    code_hash: str
    is_released: bool


@dataclass(frozen=True)
class Made:
    """Entries that one rule set and code proposed, and who released those; USD are debits.

    Empty hashes: entries of before, or of a build that did not say.
    """

    rule_set_hash: str
    code_hash: str
    entries: int
    gross_amount: Decimal
    first_at: datetime
    last_at: datetime
    author: str | None
    approver: str | None
    deployer: str | None
    approved_at: datetime | None
    is_released: bool


COLUMNS = ", ".join(Release.__dataclass_fields__)


def ask(connection: Connection, wanted: Identity, reason: str) -> int:
    """Ask for a release as the person logged in, its author; returns its number.

    Raises LedgerRefusedError: NOT_A_PERSON, DUPLICATE, SELF_DEPLOYMENT (the deployer asks).
    """
    query = "select ledger.ask_for_release(%s, %s, %s::jsonb, %s)"
    files = json.dumps(dict(wanted.rules))
    values = (wanted.rule_set_hash, wanted.code_hash, files, reason)
    return int(call(connection, query, *values)[0])


def decide(connection: Connection, seen: Release, act: Act, reason: str = "") -> None:
    """Approve or refuse what was seen, or withdraw one's own, as the person logged in.

    Raises LedgerRefusedError: SELF_APPROVAL, SELF_DEPLOYMENT, CONTENT, STATE, NOT_A_PERSON,
    NOT_YOURS, REASON, NO_RELEASE.
    """
    query = "select ledger.decide_on_release(%s, %s, %s, %s, %s)"
    call(connection, query, seen.release_id, act, seen.rule_set_hash, seen.code_hash, reason)


def releases(connection: Connection) -> list[Release]:
    """Return all releases, oldest first."""
    with connection.cursor(row_factory=class_row(Release)) as cursor:
        query = f"select {COLUMNS} from ledger.rule_release_state order by release_id"  # noqa: S608
        return cursor.execute(query.encode()).fetchall()


def in_force(connection: Connection) -> InForce | None:
    """Return what governance was loaded from last; None where it never was by this version."""
    with connection.cursor(row_factory=class_row(InForce)) as cursor:
        return cursor.execute(IN_FORCE.encode()).fetchone()


def made(connection: Connection) -> list[Made]:
    """Return living entries by what proposed them, oldest first."""
    with connection.cursor(row_factory=class_row(Made)) as cursor:
        return cursor.execute(MADE.encode()).fetchall()


def of_build(connection: Connection, build_id: str) -> Ran:
    """Return what a build ran under. Raises LookupError for one that was never begun."""
    with connection.cursor(row_factory=class_row(Ran)) as cursor:
        found = cursor.execute(RAN.encode(), [build_id]).fetchone()
    if found is None:
        raise LookupError("the build was never begun")
    return found
