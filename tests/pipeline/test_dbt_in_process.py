"""dbt in process: parsed once per content, softened for the run alone, one parse per project."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from resources.dbt_nodes import expected_nodes
from resources.dbt_runner import DbtParseError, DbtRunner

PROJECT = {
    "dbt_project.yml": """
name: toy
version: "1.0"
config-version: 2
profile: tieout
models: {toy: {+materialized: table, +schema: intermediate}}
flags: {send_anonymous_usage_stats: false}
on-run-start: "select 1"
""",
    "macros/names.sql": "{% macro generate_schema_name(name, node) %}{{ name }}{% endmacro %}",
    "models/one.sql": "select 'Jane Doe' as name, 1 as number",
    "models/two.sql": "select name from {{ ref('one') }}",
    "models/later.sql": "{{ config(tags=['post']) }} select name from {{ ref('two') }}",
    "models/schema.yml": """
models:
  - name: one
    columns:
      - {name: number, data_tests: [{accepted_values: {arguments: {values: [2]}}}]}
  - name: later
    columns: [{name: name, data_tests: [not_null]}]
""",
}


@pytest.fixture(scope="module")
def parsed_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy project and its parsed state, for tests to copy."""
    folder = tmp_path_factory.mktemp("parsed_toy")
    real = Path(__file__).parents[2] / "dbt_project" / "profiles.yml"
    for name, text in {**PROJECT, "profiles.yml": real.read_text()}.items():
        path = folder / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert DbtRunner(folder / "toy", folder / "state").ensure_manifest()
    return folder


@pytest.fixture
def toy(parsed_toy: Path, tmp_path: Path) -> Path:
    """A small project, parsed in the folder `state`: model two stands on one, whose test fails."""
    shutil.copytree(parsed_toy / "state", tmp_path / "state")
    return Path(shutil.copytree(parsed_toy / "toy", tmp_path / "toy"))


@pytest.mark.promise("A failing data test hides no later model, and keeps its declared severity")
def test_a_failing_test_skips_nothing_and_keeps_its_declared_severity(
    toy: Path, tmp_path: Path, database: Any
) -> None:
    runner = DbtRunner(toy, tmp_path / "state", database.settings)
    outcome = runner.run(["--exclude", "tag:post"])
    assert [(node.name, node.has_passed) for node in outcome.relations] == [
        ("one", True),
        ("two", True),
    ]
    (test,) = outcome.tests
    assert (test.has_passed, test.status, test.severity, test.failures) == (
        False,
        "warn",
        "error",
        1,
    )
    assert outcome.broken == ()


@pytest.mark.promise("A build reports a result for every model and test that it expects")
def test_what_a_build_expects_is_what_it_reports(toy: Path, tmp_path: Path, database: Any) -> None:
    runner = DbtRunner(toy, tmp_path / "state", database.settings)
    outcome = runner.run(["--exclude", "tag:post"])
    expected = expected_nodes(json.loads(runner.manifest_path.read_text()), "post")
    assert {node.unique_id for node in expected} == {node.unique_id for node in outcome.nodes}
    assert {node.severity for node in expected if node.is_test} == {"error"}


@pytest.mark.promise("A failing data test hides no later model, and keeps its declared severity")
def test_the_kept_manifest_is_never_softened(toy: Path, tmp_path: Path, database: Any) -> None:
    runner = DbtRunner(toy, tmp_path / "state", database.settings)
    runner.ensure_manifest()
    before = runner.manifest_path.read_bytes()
    runner.run(["--exclude", "tag:post"])
    assert runner.manifest_path.read_bytes() == before


@pytest.mark.promise(
    "A model that fails is reported with its dependants, and no value of a row is printed"
)
def test_a_model_that_fails_is_broken_with_all_that_stands_on_it(
    toy: Path, tmp_path: Path, database: Any, capfd: Any
) -> None:
    (toy / "models" / "one.sql").write_text("select 'Jane Doe'::integer as name, 1 as number")
    outcome = DbtRunner(toy, tmp_path / "state", database.settings).run([])
    assert {node.name: node.status for node in outcome.broken} == {
        "one": "error",
        "two": "skipped",
        "later": "skipped",
    }
    assert "Jane" not in repr(outcome)
    assert "Jane" not in "".join(capfd.readouterr())


@pytest.mark.promise("The dbt project is parsed once per content, for every database")
def test_the_project_is_parsed_again_only_when_its_content_changed(
    toy: Path, tmp_path: Path
) -> None:
    runner = DbtRunner(toy, tmp_path / "new")
    assert runner.ensure_manifest()
    assert not runner.ensure_manifest()
    os.utime(toy / "models" / "one.sql")
    assert not runner.ensure_manifest()
    (toy / "models" / "one.sql").write_text("select 'x' as name, 2 as number")
    assert runner.ensure_manifest()


@pytest.mark.promise("The dbt project is parsed once per content, for every database")
def test_one_parse_serves_every_database(toy: Path, tmp_path: Path, database: Any) -> None:
    parsed = DbtRunner(toy, tmp_path / "state")
    parsed.ensure_manifest()
    model = json.loads(parsed.manifest_path.read_text())["nodes"]["model.toy.one"]
    assert model["relation_name"] == '"tieout"."intermediate"."one"'
    runner = DbtRunner(toy, tmp_path / "state", database.settings)
    assert not runner.ensure_manifest()
    runner.run(["--exclude", "tag:post"])
    assert database.connect("transform").execute("select name from intermediate.two").fetchall()


@pytest.mark.promise("A dbt project that does not parse is reported as such")
def test_a_project_that_does_not_parse_says_so(toy: Path, tmp_path: Path) -> None:
    (toy / "models" / "two.sql").write_text("select * from {{ ref('nobody') }}")
    with pytest.raises(DbtParseError):
        DbtRunner(toy, tmp_path / "state").ensure_manifest()


@pytest.mark.promise("A dbt run leaves the process environment unchanged")
def test_the_environment_is_as_before_after_a_run(
    toy: Path, tmp_path: Path, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_DB_NAME", "another")
    monkeypatch.delenv("TIEOUT_PASSWORD_TRANSFORM", raising=False)
    before = dict(os.environ)
    DbtRunner(toy, tmp_path / "state", database.settings).run(["--select", "one"])
    assert dict(os.environ) == before
