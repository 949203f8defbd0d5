"""The build job from received file to approved entry, with real dbt and a real database."""

from typing import Any


def test_an_empty_installation_builds_and_certifies(pipeline: Any) -> None:
    found = pipeline.run("build")
    failures = [event.step_key for event in found.all_events if event.is_step_failure]
    assert failures == []
    lines = pipeline.rows("select check_id, status from ops.certificate_row where status <> 'passed'")
    assert lines == []
