"""Rules of a model in a real build: each with its own outcome, count and severity."""

from pathlib import Path
from typing import Any

import pytest

from resources.dbt_nodes import DbtNode
from resources.dbt_runner import DbtRunner

ONE_PASS = "the rules of a model are counted in one pass, and each is still a check of its own"
PROFILES = Path(__file__).parents[2] / "dbt_project" / "profiles.yml"
GENERIC = Path(__file__).parents[2] / "dbt_project" / "macros" / "tests" / "generic.sql"
PROJECT = {
    "dbt_project.yml": """
name: ruled
version: "1.0"
config-version: 2
profile: tieout
models: {ruled: {+materialized: table, +schema: intermediate}}
flags: {send_anonymous_usage_stats: false}
""",
    "macros/names.sql": "{% macro generate_schema_name(name, node) %}{{ name }}{% endmacro %}",
    "models/ruled.sql": """
select *
from (values (1, 'a', 5), (1, 'a', null), (1, 'c', 7), (2, null, 9)) as rows (number, word, amount)
""",
    "models/schema.yml": """
models:
  - name: ruled
    data_tests:
      - unique_combination: {name: grain, arguments: {columns: [number, word]}}
      - holds: {name: positive, arguments: {expression: "amount > 5"}}
      - holds: {name: known, arguments: {expression: "number in (1, 2)"}}
      - holds: {name: uncomputable, arguments: {expression: "1 / (number - number) = 1"}}
      - holds: {name: a_remark, arguments: {expression: "number = 1"}, config: {severity: warn}}
    columns:
      - name: word
        data_tests:
          - not_null: {name: has_word}
          - unique: {name: word_once}
          - accepted_values: {name: word_known, arguments: {values: [b]}}
""",
}
# Failing rows (or repeated keys, or values); a null outcome fails, an error has no count.
EXPECTED = {
    "grain": ("warn", 1, "error"),
    "positive": ("warn", 2, "error"),
    "known": ("pass", 0, "error"),
    "uncomputable": ("error", None, "error"),
    "a_remark": ("warn", 1, "warning"),
    "has_word": ("warn", 1, "error"),
    "word_once": ("warn", 1, "error"),
    "word_known": ("warn", 2, "error"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one model whose rules fail in every way."""
    macros = {"macros/generic.sql": GENERIC.read_text(), "profiles.yml": PROFILES.read_text()}
    for name, text in {**PROJECT, **macros}.items():
        path = tmp_path / "ruled" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "ruled"


def _found(nodes: tuple[DbtNode, ...]) -> dict[str, tuple[str, int | None, str]]:
    return {node.name: (node.status, node.failures, node.severity) for node in nodes}


@pytest.mark.promise(ONE_PASS)
def test_each_rule_keeps_its_count_and_severity(
    project: Path, tmp_path: Path, database: Any
) -> None:
    runner = DbtRunner(project, tmp_path / "state", database.settings)
    outcome = runner.run([])
    assert _found(outcome.tests) == EXPECTED
    assert {n.name for n in outcome.tests if n.has_passed} == {"known"}


@pytest.mark.promise(ONE_PASS)
def test_rules_of_a_broken_model_are_not_passed(
    project: Path, tmp_path: Path, database: Any
) -> None:
    (project / "models" / "ruled.sql").write_text(
        "select 1 / 0 as number, 'a' as word, 1 as amount"
    )
    outcome = DbtRunner(project, tmp_path / "state", database.settings).run([])
    assert [node.name for node in outcome.broken] == ["ruled"]
    assert {node.status for node in outcome.tests} == {"skipped"}
    assert not any(node.has_passed for node in outcome.tests)
