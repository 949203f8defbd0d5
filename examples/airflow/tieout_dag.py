"""Tieout's daily close as an Airflow DAG: build, then post, each once per logical date.

TIEOUT_COMMAND names the command (default: the one of the checkout that this file lies in). Held
(exit code 3) ends the task as skipped, so that what follows waits for a person; failed fails it.
"""

import logging
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND = os.environ.get("TIEOUT_COMMAND") or str(CHECKOUT / ".venv" / "bin" / "tieout")
HELD = 3
log = logging.getLogger(__name__)


def run_job(job: str, key: str) -> str:
    """Run a job and wait; the same key again, as from a second scheduler, starts nothing new."""
    command = [COMMAND, "run", job, "--wait", "--key", key, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    log.info("%s%s", done.stdout, done.stderr)
    if done.returncode == HELD:
        raise AirflowSkipException(f"{job} is held: see `tieout status`")
    if done.returncode:
        raise AirflowException(f"{job} failed with exit code {done.returncode}")
    return done.stdout


@dag(
    dag_id="tieout_daily_close",
    schedule="30 18 * * 1-5",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["billing"],
)
def tieout_daily_close() -> None:
    """Build, then post."""

    @task
    def build(ds: Any = None, ti: Any = None) -> str:
        # A retry is a new attempt, and has a key of its own.
        return run_job("build", f"airflow-build-{ds}-{ti.try_number}")

    @task
    def post(ds: Any = None, ti: Any = None) -> str:
        return run_job("post", f"airflow-post-{ds}-{ti.try_number}")

    build() >> post()


tieout_daily_close()
