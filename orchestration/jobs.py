"""The two jobs: `build` ends with approval by policy, `post` sends and reconciles.

Also the part of the asset graph that each of them takes. When they run is not said here.
"""

from collections.abc import Iterable

import dagster as dg

# Only a crash is retried, and from the start: the default would go on in the middle under a new
# run id, which leaves the build of the first id incomplete for ever.
TAGS = {"dagster/retry_strategy": "ALL_STEPS"}


def build_job(assets: Iterable[dg.AssetsDefinition]) -> object:
    """Make the job from received file to approved entry."""
    return dg.define_asset_job(
        "build",
        selection=dg.AssetSelection.assets(*assets),
        description="Receive, build, check, certify, propose and approve by policy.",
        tags=TAGS,
        executor_def=dg.in_process_executor,
    )


def post_job(assets: Iterable[dg.AssetsDefinition]) -> object:
    """Make the job from approved entry to reconciled ERP document."""
    return dg.define_asset_job(
        "post",
        selection=dg.AssetSelection.assets(*assets),
        description="Send what may go, read it back, and reconcile with the ERP's balances.",
        tags=TAGS,
        executor_def=dg.in_process_executor,
    )
