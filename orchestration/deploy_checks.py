"""Deploys the checks that every build of this code must report, as the administrator.

A build cannot write what it is held to. Run as a program by `tieout up`, whose own process stays
small; `tieout run` has the pipeline loaded and calls it.
"""

import json

from assets import marts
from assets.control import expected_checks
from resources.code_identity import identity
from resources.dagster_resources import DBT_PROJECT
from resources.dbt_nodes import expected_nodes
from resources.dbt_runner import DbtRunner
from resources.settings import Settings, load_settings
from resources.warehouse import builds
from resources.warehouse.server.administrator import as_owner


def deploy(settings: Settings, project: DbtRunner | None = None) -> int:
    """Deploy the checks of this code to the database of `settings`; return how many.

    `project` is another dbt project than ours, and where it is parsed.
    """
    runner = project or DbtRunner(DBT_PROJECT, settings.home / "dbt")
    runner.ensure_manifest()
    nodes = expected_nodes(json.loads(runner.manifest_path.read_text()), marts.POST_TAG)
    database = settings.database
    with as_owner(database.url("admin"), database.role_prefix) as owner:
        return builds.deploy_checks(owner, expected_checks(nodes), identity().code_hash)


if __name__ == "__main__":
    deploy(load_settings())
