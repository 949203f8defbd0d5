"""Dagster's storage on Postgres with connections that are kept open between calls.

Dagster's own opens one per call: 2,400 in a build of 200 models, a third of its time, and most of
what its daemon does while nothing happens. Its code server makes a storage for each look of each
sensor: the pool, and what was asked of the database's shape, belong to the process and are shared.
Named in `dagster.yaml`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine, pg_url_from_config
from sqlalchemy import Engine

KEPT = 1
MOST = 20
RECYCLE_SECONDS = 600


@dataclass(frozen=True)
class _Known:
    """What one process knows of one database: its pool, and which tables it saw."""

    engine: Engine
    answered: frozenset[str]


_KNOWN: dict[tuple[int, str], _Known] = {}


def _engine(postgres_url: str) -> Engine:
    # Asked before each use whether it still lives: the server may have been restarted.
    return create_pg_engine(
        postgres_url,
        isolation_level="AUTOCOMMIT",
        pool_size=KEPT,
        max_overflow=MOST,
        pool_recycle=RECYCLE_SECONDS,
        pool_pre_ping=True,
    )


def _once_true(ask: Callable[[str], bool]) -> Callable[[str], bool]:
    """Ask of each migration until it is there; Dagster asks at each look of each sensor."""
    there: set[str] = set()

    def is_there(name: str) -> bool:
        if name not in there and ask(name):
            there.add(name)
        return name in there

    return is_there


class PooledPostgresStorage(DagsterPostgresStorage):
    """One small pool for runs, events and schedules together."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Tables are made on first use, as by the base class."""
        place = (os.getpid(), postgres_url)  # a pool is not carried into a forked process
        known = _KNOWN.get(place)
        super().__init__(postgres_url, should_autocreate_tables=known is None, inst_data=inst_data)
        engine = known.engine if known else _engine(postgres_url)
        # As the optimize_for_webserver of each part does.
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = engine
        answered = self._remember_shape(known.answered if known else frozenset())
        _KNOWN[place] = _Known(engine, answered)

    def _remember_shape(self, answered: frozenset[str]) -> frozenset[str]:
        """Ask once which tables and columns there are: a database does not lose them.

        Dagster's daemon asks several times at each look of each sensor.
        """
        asked = (
            (self._schedule_storage, "has_instigators_table"),
            (self._schedule_storage, "has_secondary_index_table"),
            (self._run_storage, "has_run_stats_index_cols"),
        )
        for part, question in asked:
            if question in answered or getattr(part, question)():
                setattr(part, question, lambda: True)
                answered |= {question}
        for part, question in ((self._schedule_storage, "has_built_index"),):
            setattr(part, question, _once_true(getattr(part, question)))
        return answered

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        """Make it from the block of `dagster.yaml` (the same fields as the base class)."""
        return cls(pg_url_from_config(config_value), inst_data)
