"""A parse that installing left is taken as it is; only what differs is ever parsed again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resources import dbt_manifest
from resources.dbt_runner import DbtRunner

PARSED_ONCE = "models are parsed when they are installed or changed, and at no other start"
PROFILES = Path(__file__).parents[2] / "dbt_project" / "profiles.yml"
PROJECT = """
name: parsed
version: "1.0"
config-version: 2
profile: tieout
flags: {send_anonymous_usage_stats: false}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two models."""
    folder = tmp_path / "parsed"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(PROJECT)
    shutil.copy(PROFILES, folder / "profiles.yml")
    (folder / "models" / "one.sql").write_text("select 1 as number")
    (folder / "models" / "two.sql").write_text("select number from {{ ref('one') }}")
    return folder


@pytest.fixture
def installed(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parse of the project, as installing leaves it in the environment."""
    monkeypatch.setattr(dbt_manifest, "STATE", tmp_path / "environment")
    DbtRunner(project, tmp_path / "environment").ensure_manifest()
    return tmp_path / "environment" / "target"


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Count the parses from here on; each says whether dbt had an older parse to begin from."""
    counted: list[bool] = []
    real: Callable[[Any], None] = DbtRunner._parse

    def count(runner: DbtRunner) -> None:
        counted.append((runner.manifest_path.parent / "partial_parse.msgpack").exists())
        real(runner)

    monkeypatch.setattr(DbtRunner, "_parse", count)
    return counted


def _models(runner: DbtRunner) -> dict[str, str]:
    nodes = json.loads(runner.manifest_path.read_text())["nodes"].values()
    return {node["name"]: node["raw_code"] for node in nodes}


@pytest.mark.promise(PARSED_ONCE)
@pytest.mark.usefixtures("installed")
def test_a_first_start_takes_the_parse_of_the_installation(
    project: Path, tmp_path: Path, parses: list[bool]
) -> None:
    runner = DbtRunner(project, tmp_path / "state")
    assert runner.ensure_manifest()
    assert not DbtRunner(project, tmp_path / "state").ensure_manifest()
    assert set(_models(runner)) == {"one", "two"}
    assert parses == []


@pytest.mark.promise(PARSED_ONCE)
@pytest.mark.usefixtures("installed")
def test_a_changed_model_is_parsed_once_from_what_is_there(
    project: Path, tmp_path: Path, parses: list[bool]
) -> None:
    (project / "models" / "one.sql").write_text("select 2 as number")
    runner = DbtRunner(project, tmp_path / "state")
    assert runner.ensure_manifest()
    assert not runner.ensure_manifest()
    assert _models(runner)["one"] == "select 2 as number"
    assert parses == [True]


@pytest.mark.promise(PARSED_ONCE)
def test_a_parse_of_another_dbt_or_place_is_not_taken(
    installed: Path,
    project: Path,
    tmp_path: Path,
    parses: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = Path(shutil.copytree(project, tmp_path / "copy"))
    DbtRunner(elsewhere, tmp_path / "state").ensure_manifest()
    monkeypatch.setattr(dbt_manifest, "version", lambda package: f"{package} of tomorrow")
    DbtRunner(project, tmp_path / "later").ensure_manifest()
    assert parses == [False, True]
    assert (installed / "manifest.json").exists()
