"""Dagster's pages behind the guard, as a program: `python -m orchestration.pages.serve PORT FILE`.

Run by `tieout up`, which gives the token in the environment: arguments are for all to see. Nothing
is decided here.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.cli import (
    DEFAULT_DB_STATEMENT_TIMEOUT,
    DEFAULT_POOL_MAX_OVERFLOW,
    DEFAULT_POOL_RECYCLE,
)

from orchestration.pages.asgi import Guard
from orchestration.pages.session import read_token
from orchestration.pages.webserver import GuardedWebserver

HOST = "127.0.0.1"
REFRESH_MILLISECONDS = 2000  # as Dagster's own command has it
STOP_SECONDS = 5


def server(
    context: WorkspaceProcessContext, port: int, token: str, clock: Callable[[], datetime]
) -> uvicorn.Server:
    """Make the server of a workspace's pages; nothing listens yet.

    No line is logged per request: an address may hold the token.
    """
    pages = GuardedWebserver(context, live_data_poll_rate=REFRESH_MILLISECONDS)
    config = uvicorn.Config(
        Guard(pages.create_asgi_app(), port, token, clock), HOST, port, log_level="warning",
        access_log=False, proxy_headers=False, server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )  # fmt: skip
    return uvicorn.Server(config)


def main(port: int, workspace: str, token: str) -> None:
    """Serve the pages of the instance that the environment names until a signal ends it."""
    with dg.DagsterInstance.get() as instance:
        instance.optimize_for_webserver(
            DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_RECYCLE, DEFAULT_POOL_MAX_OVERFLOW
        )
        with WorkspaceProcessContext(instance, WorkspaceFileTarget([workspace])) as context:
            server(context, port, token, lambda: datetime.now(UTC)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], read_token(os.environ))
