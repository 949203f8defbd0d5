"""The YAML of the dbt project under dbt 2's own schema, which dbt 1.12 leaves out on Postgres."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.jsonschemas.jsonschemas import CustomDraft7Validator, project_schema, resources_schema

PROJECT = Path(__file__).parents[2] / "dbt_project"
MODELS = """
models:
  - name: one
    {key}: "One row per claim."
"""


def _violations(text: str, schema: dict[str, Any]) -> Iterator[str]:
    for error in CustomDraft7Validator(schema).iter_errors(yaml.safe_load(text)):
        yield f"{'/'.join(map(str, error.path))}: {error.message[:200]}"


@pytest.mark.promise("the dbt project is ready for dbt 2: its YAML keeps the stricter schema")
def test_every_yaml_keeps_the_schema_of_dbt_2() -> None:
    found = [
        f"{path.relative_to(PROJECT)}: {violation}"
        for path in sorted(PROJECT.rglob("*.yml"))
        if path.name not in {"profiles.yml", "dbt_project.yml"}
        for violation in _violations(path.read_text(), resources_schema())
    ]
    found += _violations((PROJECT / "dbt_project.yml").read_text(), project_schema())
    assert found == []


@pytest.mark.promise("the dbt project is ready for dbt 2: its YAML keeps the stricter schema")
def test_a_key_that_dbt_2_does_not_know_is_found() -> None:
    assert list(_violations(MODELS.format(key="description"), resources_schema())) == []
    (found,) = _violations(MODELS.format(key="grain"), resources_schema())
    assert "grain" in found
