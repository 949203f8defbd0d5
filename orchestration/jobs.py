"""The jobs: `build` ends with approval by policy, `post` sends and reconciles.

Also the part of the asset graph that each of them takes. When they run is not said here.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

# Only a crash is retried, and from the start: the default would go on in the middle under a new
# run id, which leaves the build of the first id incomplete for ever.
TAGS = {"dagster/retry_strategy": "ALL_STEPS"}


def jobs(
    building: Sequence[dg.AssetsDefinition], posting: Sequence[dg.AssetsDefinition]
) -> list[Any]:
    """Make both jobs; the checks of an asset run with it."""
    return [
        _job("build", "Receive, build, check, certify, propose and approve by policy.", building),
        _job("post", "Send what may go, read it back, and reconcile with the ERP.", posting),
    ]


def replay_job(days: dg.AssetsDefinition) -> Any:
    """Make the job that reads the files of chosen days again."""
    return _job("replay", "Read received files again, by day, and replace what differs.", [days])


def _job(name: str, description: str, assets: Sequence[dg.AssetsDefinition]) -> Any:
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*assets),
        description=description,
        tags=TAGS,
        executor_def=dg.in_process_executor,
    )
