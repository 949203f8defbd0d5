"""The shape of the asset graph: nothing is without a name, an owner, a purpose or a place."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.checks.suites import EXPECTATIONS
from assets.marts import POST_TAG
from orchestration.definitions import build_defs
from resources.allowed_runs import ASSET_JOB, FILE_STEP, JOBS, REPLAY
from resources.dbt_nodes import expected_nodes
from resources.warehouse.build_inputs import SOURCES
from resources.warehouse.tie_outs import TIE_OUTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest(dbt_state: Path) -> Path:
    return dbt_state / "target" / "manifest.json"


@pytest.fixture(scope="module")
def definitions(manifest: Path) -> dg.Definitions:
    return build_defs(manifest)


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> list[dg.AssetSpec]:
    return list(definitions.resolve_all_asset_specs())


def _named(specs: list[dg.AssetSpec]) -> set[str]:
    return {spec.key.to_user_string() for spec in specs}


@pytest.mark.promise("The Dagster code location loads with its build and post jobs")
def test_everything_loads_as_the_code_server_loads_it(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    names = {job.name for job in definitions.resolve_all_job_defs()}
    assert {"build", "post"} <= names


@pytest.mark.promise("The run queue takes the named jobs as a whole, whoever submits them")
def test_allowed_runs_are_the_jobs_there_are(
    definitions: dg.Definitions, specs: list[dg.AssetSpec]
) -> None:
    jobs = {job.name: job for job in definitions.resolve_all_job_defs()}
    assert {name for name in jobs if name != ASSET_JOB} == JOBS
    assert REPLAY in _named(specs)
    assert [node.name for node in jobs["replay_file"].nodes] == [FILE_STEP]


@pytest.mark.promise("Every asset has a description, an owner, a group and described dependencies")
def test_every_asset_says_what_it_is_whose_it_is_and_whether_it_names_patients(
    specs: list[dg.AssetSpec],
) -> None:
    assert len(specs) > 90
    for spec in specs:
        name = spec.key.to_user_string()
        assert len(spec.key.path) == 2, name
        assert spec.group_name not in {None, "default"}, name
        assert spec.owners, name
        assert all(str(owner).startswith("team:") for owner in spec.owners), name
        assert spec.kinds, name
        assert (spec.description or "").strip(), name
        assert spec.tags.get("phi") in {"yes", "no"}, name


@pytest.mark.promise("Assets with patient data are tagged so, and no mart or ledger asset is")
def test_zones_with_patient_data_are_tagged_so_and_the_others_are_not(
    specs: list[dg.AssetSpec],
) -> None:
    has_phi = {s.key.to_user_string(): s.tags["phi"] for s in specs}
    assert {v for k, v in has_phi.items() if k.startswith(("raw/", "staging/"))} == {"yes"}
    open_zones = ("marts/", "ledger/", "erp/", "ops/", "seeds/")
    assert {v for k, v in has_phi.items() if k.startswith(open_zones)} == {"no"}


@pytest.mark.promise("Every asset has a description, an owner, a group and described dependencies")
def test_no_asset_depends_on_something_that_nobody_describes(specs: list[dg.AssetSpec]) -> None:
    known = _named(specs)
    wanted = {dep.asset_key.to_user_string() for spec in specs for dep in spec.deps}
    assert wanted - known == set()


@pytest.mark.promise("Every check has a sentence that explains it and an asset that it belongs to")
def test_every_check_says_in_a_sentence_what_it_holds_the_data_to(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    checks = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    assert len(checks) > 150
    assert [c.key.to_user_string() for c in checks if len((c.description or "").split()) < 3] == []


@pytest.mark.promise("Every check has a sentence that explains it and an asset that it belongs to")
def test_every_check_is_on_an_asset_that_exists(
    definitions: dg.Definitions, specs: list[dg.AssetSpec]
) -> None:
    graph = definitions.resolve_asset_graph()
    checked = {key.asset_key.to_user_string() for key in graph.asset_check_keys}
    assert checked - _named(specs) == set()
    assert len(graph.asset_check_keys) > 100


@pytest.mark.promise("A failed check never stops the steps after it; only posting is blocked")
def test_no_check_stops_what_comes_after_it(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert [key for key in graph.asset_check_keys if graph.get(key).blocking] == []


@pytest.mark.promise("Build and post share no step, and a retry starts from the first step")
def test_each_job_takes_its_own_assets_and_nothing_is_in_both(definitions: dg.Definitions) -> None:
    steps = {
        name: {node.name for node in definitions.resolve_job_def(name).nodes}
        for name in ("build", "post")
    }
    assert steps["build"] & steps["post"] == set()
    assert {"build_models", "judge_receivables", "issue_certificate"} <= steps["build"]
    assert steps["post"] == {
        "mirror_periods", "mirror_master_data", "send_entries", "compare_documents",
        "read_foreign_lines", "read_balances", "reconcile_models", "tie_out_post",
    }  # fmt: skip


@pytest.mark.promise("Build and post share no step, and a retry starts from the first step")
def test_the_jobs_retry_from_the_start_or_not_at_all(definitions: dg.Definitions) -> None:
    for name in ("build", "post"):
        job = definitions.resolve_job_def(name)
        assert job.tags["dagster/retry_strategy"] == "ALL_STEPS"
        assert job.executor_def.name == "in_process"


@pytest.mark.promise("A build expects every seed, model, data test, expectation and tie-out once")
def test_a_build_expects_every_seed_model_test_expectation_and_tie_out_once(
    manifest: Path,
) -> None:
    nodes = expected_nodes(json.loads(manifest.read_text()), POST_TAG)
    names = [f"{node.resource_type}:{node.name}" for node in nodes]
    assert len(set(names)) == len(names)
    assert "model:fct_ledger_line" in names
    assert not [name for name in names if "mart_ledger_reconciliation" in name]
    ids = [e.check_id for e in EXPECTATIONS]
    assert len(set(ids)) == len(ids)
    assert {t.id for t in TIE_OUTS if t.phase == "build"} >= {"T1", "T6", "T8", "T10"}


@pytest.mark.promise("Every expectation refers to columns that its mart has")
def test_every_expectation_is_about_columns_that_its_mart_has(manifest: Path) -> None:
    nodes = json.loads(manifest.read_text())["nodes"]
    columns = {n["name"]: set(n["columns"]) for n in nodes.values() if n["schema"] == "marts"}
    for expectation in EXPECTATIONS:
        named = {v for k, v in expectation.arguments.items() if k.startswith("column")}
        assert named | set(expectation.keys) <= columns[expectation.mart], expectation.name


@pytest.mark.promise("The code location loads without database, dbt or Great Expectations")
def test_the_code_location_loads_without_a_database_dbt_or_great_expectations(
    dbt_state: Path, tmp_path: Path
) -> None:
    (tmp_path / "dbt").symlink_to(dbt_state)
    script = (
        "import sys; from orchestration.definitions import defs; defs();"
        "print([m for m in ('great_expectations', 'dbt.cli.main', 'paramiko.client')"
        " if m in sys.modules][:2])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"TIEOUT_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "great_expectations" not in found.stdout
    assert "dbt.cli.main" not in found.stdout


@pytest.mark.promise("The Dagster code location loads with its build and post jobs")
def test_the_workspace_file_names_the_definitions() -> None:
    assert "module_name: orchestration.definitions" in (ROOT / "workspace.yaml").read_text()


@pytest.mark.promise(
    "a build is current only while its inputs, its code and its tables are as it left them"
)
def test_inputs_of_a_build_are_all_tables_that_models_read(manifest: Path) -> None:
    """Raw tables change by receipts and replays alone, which are inputs themselves."""
    content = json.loads(manifest.read_text())
    read = {
        parent
        for node in content["nodes"].values()
        if node["resource_type"] == "model" and POST_TAG not in node["tags"]
        for parent in node["depends_on"]["nodes"]
        if parent in content["sources"]
    }
    sources = [content["sources"][key] for key in read]
    named = {f"{s['schema']}.{s['name']}" for s in sources if s["schema"] != "raw"}
    assert named == set(SOURCES)
