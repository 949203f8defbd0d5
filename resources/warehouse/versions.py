"""Alembic's part of a migration: run the versions, each one SQL file. Imported only to migrate."""

import re
from pathlib import Path

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import create_engine

from resources.warehouse.database import ScrubbedConnection

MIGRATIONS = Path(__file__).parent / "migrations"
SQL = MIGRATIONS / "sql"
LOCK = 7_103_001


def upgrade(conninfo: str, prefix: str) -> None:
    """Bring a database to the newest version in one transaction; others wait for its end."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: ScrubbedConnection.connect(conninfo),
        hide_parameters=True,
    )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({LOCK})")
            config.attributes.update(connection=connection, prefix=prefix)
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def apply_sql(name: str) -> None:
    """Run one file of `migrations/sql`, as the owner, in the version under way."""
    prefix = context.config.attributes["prefix"]
    text = re.sub(r":prefix\b|:prefix(?=_)", prefix, (SQL / name).read_text())
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise RuntimeError("a version runs on an open connection only")
    connection.execute(f"set local role {prefix}_owner")
    connection.execute("set local check_function_bodies = off")
    connection.execute(text)
    connection.execute("reset role")
