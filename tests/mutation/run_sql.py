"""Tries the mutants of the SQL of posting, one at a time, and prints which of them the tests kill.

Each mutant is a copy of the migrated database with one definition replaced. The judges run in a
forked process, with that copy as the template of their databases, and stop at the first failure.
A mutant that PostgreSQL does not take counts for nothing. `make mutation-sql MUTANTS=60`.
"""

import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from resources.settings import ROLES
from resources.warehouse.embedded import EmbeddedPostgres
from resources.warehouse.governance_load import load_governance
from resources.warehouse.server.migrate import migrate
from resources.warehouse.server.roles import ensure_roles
from tests.conftest import GOVERNANCE, PREFIX, ROLE_POLICY, TEMPLATE, Server
from tests.mutation.sql_mutants import Mutant, choose, definitions, mutants

FOLDER = Path(__file__).parents[1] / "warehouse"
# What kills most comes first: the judges stop at the first failure.
JUDGES = [
    str(FOLDER / f"test_{name}.py")
    for name in (
        "ledger_propose", "ledger_approval", "ledger_sending", "ledger_attacks", "ledger_sets",
        "ledger_measures", "limit_attacks", "periods_and_corrections", "period_attacks",
        "gate_scale", "restatements", "ledger_digests", "ledger_convergence", "ledger_mirrors",
        "ledger_immutability",
    )
]  # fmt: skip
# A mutant may take so many times as long as the tests without one.
PATIENCE = 4


class Given:
    """Hands the tests a server that runs and a template that is there."""

    def __init__(self, **values: object) -> None:
        self.values = values

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> object:
        """Answer for the fixtures that are given; None leaves the others to pytest."""
        value = self.values.get(fixturedef.argname)
        if value is not None:
            fixturedef.cached_result = (value, fixturedef.cache_key(request), None)
        return value


def judge(server: Server, template: str, seconds: float = 3600) -> bool:
    """Tell whether the tests pass on databases of a template; what takes too long does not."""
    child = os.fork()
    if not child:
        _be_quiet()
        fresh = Server(server.postgres, server.passwords)
        words = ["-x", "-q", "-p", "no:cacheprovider", *JUDGES]
        os._exit(int(pytest.main(words, plugins=[Given(server=fresh, template=template)])))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _be_quiet() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _try(server: Server, mutant: Mutant, seconds: float) -> bool | None:
    """Tell whether a mutant survives; None where PostgreSQL does not take it."""
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute("drop database if exists tieout_mutant with (force)")
        admin.execute(f"create database tieout_mutant template {TEMPLATE} strategy file_copy")
        try:
            with psycopg.connect(server.admin_url("tieout_mutant")) as connection:
                connection.execute(mutant.definition.encode())
        except psycopg.Error:
            return None
        survives = judge(server, "tieout_mutant", seconds)
        left = admin.execute("select datname from pg_database where datname ~ '^tieout_[0-9]'")
        for (name,) in left.fetchall():
            admin.execute(f"drop database {name} with (force)")
    return survives


def _score(server: Server, most: int, seconds: float) -> tuple[Counter[str], Counter[str]]:
    with psycopg.connect(server.admin_url(TEMPLATE)) as connection:
        chosen = choose(mutants(definitions(connection)), 2 * most)
    killed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for mutant in chosen:
        survives = _try(server, mutant, seconds) if tried.total() < most else None
        if survives is not None:
            tried[mutant.name] += 1
            killed[mutant.name] += not survives
            word = "survives" if survives else "killed"
            sys.stdout.write(f"{word:9} {mutant.name}, {mutant.change}\n")
            sys.stdout.flush()
    return killed, tried


def _start(folder: Path) -> Server:
    folder.chmod(0o711)
    passwords = {role: secrets.token_hex(8) for role in (*ROLES, "admin")}
    settings = {"fsync": "off", "shared_buffers": "128MB", "max_connections": "60"}
    postgres = EmbeddedPostgres(
        folder / "postgres", admin_password=passwords["admin"], settings=settings
    )
    postgres.start()
    server = Server(postgres, passwords)
    ensure_roles(server.admin_url(), PREFIX, passwords, ROLE_POLICY)
    migrate(server.admin_url(), server.settings(TEMPLATE), ROLE_POLICY)
    with psycopg.connect(server.admin_url(TEMPLATE)) as connection:
        load_governance(connection, GOVERNANCE)
    return server


def main() -> int:
    """Judge the mutants; print killed of tried for each object and together."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="tieout-mutants-", dir=memory))
    server = _start(folder)
    try:
        began = time.monotonic()
        if not judge(server, TEMPLATE):
            sys.stdout.write("the tests do not pass without a mutant\n")
            return 1
        killed, tried = _score(server, most, PATIENCE * (time.monotonic() - began))
        for name in sorted(tried):
            sys.stdout.write(f"{name:28} {killed[name]} of {tried[name]}\n")
        sys.stdout.write(f"{'all':28} {killed.total()} of {tried.total()}\n")
        return 0
    finally:
        server.postgres.destroy()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
