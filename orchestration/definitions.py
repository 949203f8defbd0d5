"""Where it all meets: the one Definitions object that Dagster loads.

It loads without a database and without secrets; all it needs is dbt's manifest, which is parsed
here only if the project has changed since the last parse (the launcher does that beforehand).
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from assets import bank, clearinghouse, control, ehr, erp, ledger, marts, payments, replay
from assets.checks.freshness import INTERFACES
from assets.checks.suite_checks import suite_checks
from assets.checks.suites import SUITES
from assets.specs import kept_specs
from billing.governance.interfaces import read_interfaces
from orchestration.jobs import jobs, replay_job
from orchestration.schedules import schedules
from orchestration.state import state_folder
from resources.dagster_resources import DBT_PROJECT, Erp, Installation, JobRun
from resources.dbt_nodes import expected_nodes
from resources.dbt_runner import DbtRunner
from sensors.alerting import alerting_sensor
from sensors.apis import api_sensors
from sensors.behind import catching_up_sensor
from sensors.posting import posting_sensor
from sensors.purging import purging_sensor
from sensors.reaping import reaping_sensor
from sensors.sources import source_sensors


def build_defs(manifest: Path, resources: Mapping[str, object] | None = None) -> dg.Definitions:
    """Make a fresh Definitions from a parsed dbt project.

    `resources` take the place of those of the same name.
    """
    nodes = expected_nodes(json.loads(manifest.read_text()), marts.POST_TAG)
    building = [
        clearinghouse.clearinghouse_files,
        bank.bank_files,
        ehr.ehr_exports,
        payments.card_lists,
        control.expect_checks(nodes),
        ledger.record_cutoff,
        marts.build_models(manifest),
        control.sync_exceptions,
        control.tie_out_build,
        ledger.issue_certificate,
        ledger.propose_entries,
        ledger.approve_by_policy,
    ]
    posting = _posting(manifest)
    return dg.Definitions(
        assets=[*building, *posting, replay.replay_days, *kept_specs()],
        asset_checks=[suite_checks(name, suite) for name, suite in SUITES.items()],
        jobs=[*jobs(building, posting), replay_job(replay.replay_days), replay.replay_file],
        schedules=schedules(read_interfaces(INTERFACES.read_text())),
        sensors=[
            *source_sensors(),
            *api_sensors(),
            catching_up_sensor,
            posting_sensor,
            reaping_sensor,
            alerting_sensor,
            purging_sensor,
        ],
        resources={**own_resources(Installation()), **(resources or {})},
        executor=dg.in_process_executor,
    )


def _posting(manifest: Path) -> list[dg.AssetsDefinition]:
    """Make the assets of the post job, in the order in which they are read."""
    return [
        erp.mirror_periods,
        erp.mirror_master_data,
        erp.send_entries,
        erp.compare_documents,
        erp.read_balances,
        erp.read_foreign_lines,
        marts.reconcile_models(manifest),
        control.tie_out_post,
    ]


def own_resources(installation: Installation) -> dict[str, object]:
    """Make the resources of an installation; they read the environment when they are used."""
    return {
        "installation": installation,
        "erp": Erp(installation=installation),
        "build_run": JobRun(job="build", installation=installation),
        "post_run": JobRun(job="post", installation=installation),
        "replay_run": JobRun(job="replay", installation=installation),
    }


@dg.definitions
def defs() -> dg.Definitions:
    """Make the Definitions of this installation, parsing dbt's project first if it has changed."""
    runner = DbtRunner(DBT_PROJECT, state_folder(os.environ).dbt)
    runner.ensure_manifest()
    return build_defs(runner.manifest_path)
