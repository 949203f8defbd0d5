"""The template of Tryton's databases: modules and no content, made once and kept for all servers.

Making it takes twenty seconds of processor time, restoring what another installation made takes
one. What is kept holds no password, no key and no company; the content of a database is in
`tryton_database.py`.
"""

import secrets
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from resources.erp.tryton_environment import MODULE, TrytonFailedError, Workshop, fingerprint
from resources.erp.tryton_postgres import ErpDatabase, create, drop, exists
from resources.warehouse.postgres_place import EmbeddedPostgresError, find_programs

LOCK_ADMINISTRATOR = "update res_user set password_hash = null where login = 'admin'"


def ensure_template(shop: Workshop, database: ErpDatabase) -> str:
    """Return a database with modules and no content. Whole, or under a name that nothing reads."""
    template = f"{database.owner}_template_{fingerprint()[:8]}"
    with database.connect_admin() as admin:
        if exists(admin, template):
            return template
        building = f"{template}_building"
        with shop.alone_in_stock() as maker:
            _fill(maker, database, admin, building)
        rename = sql.SQL("alter database {} rename to {}")
        admin.execute(rename.format(sql.Identifier(building), sql.Identifier(template)))
        stale = "select datname from pg_database where starts_with(datname, %s) and datname <> %s"
        for (name,) in admin.execute(stale, (f"{database.owner}_template_", template)).fetchall():
            drop(admin, name)
    return template


def _fill(shop: Workshop, database: ErpDatabase, admin: psycopg.Connection[Any], name: str) -> None:
    """Restore what is kept for this version of PostgreSQL; else make it and keep it."""
    kept = find_kept(shop, database, admin)
    if kept and kept.restored(admin, name):
        return
    drop(admin, name)
    create(admin, name, database.owner)
    initialise(shop, database, name)
    with database.connect(name) as connection:
        connection.execute(LOCK_ADMINISTRATOR)
    note_version(database, name)
    if kept:
        kept.save(name)


@dataclass(frozen=True)
class KeptTemplate:
    """A template as a file, and PostgreSQL's programs of the server's version that handle it."""

    shop: Workshop
    database: ErpDatabase
    programs: Path
    path: Path

    def restored(self, admin: psycopg.Connection[Any], name: str) -> bool:
        """Tell whether a new database was filled from the file; a damaged file is deleted."""
        if not self.path.exists():
            return False
        drop(admin, name)
        create(admin, name, self.database.owner)
        try:
            self._run("pg_restore", name, "--exit-on-error", "--single-transaction", str(self.path))
        except TrytonFailedError:
            self.path.unlink()
            return False
        return True

    def save(self, name: str) -> None:
        """Write the file whole or not at all. Failing costs the next installation its own making.

        What failed is in the log of the installation.
        """
        partial = self.path.with_suffix(".partial")
        with suppress(TrytonFailedError):
            self._run("pg_dump", name, "--format=custom", f"--file={partial}")
            partial.replace(self.path)

    def _run(self, program: str, name: str, *options: str) -> None:
        target = ["--no-owner", "--no-privileges", "--dbname", self.database.address(name)]
        command = [str(self.programs / program), *target, *options]
        self.shop.run(command, self.database.client_environment)


def find_kept(
    shop: Workshop, database: ErpDatabase, admin: psycopg.Connection[Any]
) -> KeptTemplate | None:
    """Return where the template for this server is kept; None without programs of its version."""
    server = admin.info.server_version // 10_000
    try:
        programs = find_programs()
        said = subprocess.run(
            [programs / "pg_dump", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (EmbeddedPostgresError, OSError, subprocess.CalledProcessError):
        return None
    if f") {server}." not in said:
        return None
    return KeptTemplate(shop, database, programs, shop.stock / f"template_{server}.dump")


def initialise(shop: Workshop, database: ErpDatabase, name: str) -> None:
    """Install or update the modules. A new administrator gets a password that is not kept."""
    program = str(shop.python.parent / "trytond-admin")
    command = [str(shop.python), program, "-d", name, "-u", "ir", "account", MODULE]
    command += ["--activate-dependencies", "--email", "administrator@tieout.invalid"]
    with tempfile.NamedTemporaryFile("w", prefix="tieout-") as secret:
        secret.write(secrets.token_hex(32))
        secret.flush()
        shop.run(command, {**database.environment, "TRYTONPASSFILE": secret.name})


def note_version(database: ErpDatabase, name: str) -> None:
    """Say in the database itself which modules it has: the last step of making or updating it."""
    with database.connect(name) as connection, connection.transaction():
        connection.execute("create table if not exists tieout_version (fingerprint text not null)")
        connection.execute("delete from tieout_version")
        connection.execute("insert into tieout_version values (%s)", (fingerprint(),))
