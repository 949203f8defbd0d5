"""Serves Dagster's pages behind the guard, on 127.0.0.1. A program of its own: PORT WORKSPACE.

The token comes from TIEOUT_PAGES_TOKEN, so that no list of processes shows it.
"""

import sys

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.cli import (
    DEFAULT_DB_STATEMENT_TIMEOUT,
    DEFAULT_POOL_MAX_OVERFLOW,
    DEFAULT_POOL_RECYCLE,
)
from dagster_webserver.version import __version__

from orchestration.pages.guard import Guard
from orchestration.pages.requests import Door, JobAssets
from resources.settings import load_settings

LOOK_AGAIN_MILLISECONDS = 2000  # how often an open page asks for what is new


def serve(port: int, workspace: str, token: str) -> None:
    """Serve until the process is stopped."""
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(
            DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_RECYCLE, DEFAULT_POOL_MAX_OVERFLOW
        )
        with WorkspaceProcessContext(
            instance, WorkspaceFileTarget([workspace]), version=__version__, read_only=False
        ) as context:
            pages = create_app_from_workspace_process_context(context, "", LOOK_AGAIN_MILLISECONDS)
            guard = Guard(pages, Door(port, token), job_assets(context))
            uvicorn.run(guard, host="127.0.0.1", port=port, log_level="warning")


def job_assets(context: WorkspaceProcessContext) -> JobAssets:
    """Return the assets of each job, as the code server has them now."""
    request = context.create_request_context()
    found: dict[str, frozenset[tuple[str, ...]]] = {}
    for place in request.code_locations:
        for repository in place.get_repositories().values():
            for job in repository.get_all_jobs():
                nodes = repository.get_asset_node_snaps(job.name)
                found[job.name] = frozenset(tuple(node.asset_key.path) for node in nodes)
    return found


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], load_settings().pages_token)
