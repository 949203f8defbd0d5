"""Dagster's storage on Postgres with connections that are kept open between calls.

Dagster's own opens one per call: 2,400 in a build of 200 models, a third of its time, and most of
what its daemon does while nothing happens. Named in `dagster.yaml`.
"""

from collections.abc import Mapping
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine, pg_url_from_config

KEPT = 1
MOST = 20
RECYCLE_SECONDS = 600


class PooledPostgresStorage(DagsterPostgresStorage):
    """One small pool for runs, events and schedules together."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Tables are made on first use, as by the base class."""
        super().__init__(postgres_url, inst_data=inst_data)
        # Asked before each use whether it still lives: the server may have been restarted.
        engine = create_pg_engine(
            postgres_url,
            isolation_level="AUTOCOMMIT",
            pool_size=KEPT,
            max_overflow=MOST,
            pool_recycle=RECYCLE_SECONDS,
            pool_pre_ping=True,
        )
        # As the optimize_for_webserver of each part does.
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = engine
        self._remember_shape()

    def _remember_shape(self) -> None:
        """Ask once which tables and columns there are: a database does not lose them.

        Dagster's daemon asks several times at each look of each sensor.
        """
        asked = (
            (self._schedule_storage, "has_instigators_table"),
            (self._run_storage, "has_run_stats_index_cols"),
        )
        for part, question in asked:
            if getattr(part, question)():
                setattr(part, question, lambda: True)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        """Make it from the block of `dagster.yaml` (the same fields as the base class)."""
        return cls(pg_url_from_config(config_value), inst_data)
