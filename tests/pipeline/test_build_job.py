"""The build job from received file to approved entry, with real dbt and a real database."""

from typing import Any


def test_an_empty_installation_builds_and_certifies(pipeline: Any) -> None:
    found = pipeline.run("build")
    assert pipeline.failures(found) == []
    lines = pipeline.rows("select check_id, status from ops.certificate_row where status <> 'passed'")
    assert lines == []
