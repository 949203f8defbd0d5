"""What dbt's seeds, models and data tests are to a build: how each ended, and which must report.

Plain facts without dbt, so that the code location loads without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class DbtNode:
    """How one seed, model or test ended. `failures` counts the rows that break a test."""

    unique_id: str
    name: str
    resource_type: str
    has_passed: bool
    status: str
    severity: Severity
    failures: int | None
    seconds: float

    @property
    def is_test(self) -> bool:
        """Say whether the node is a data test."""
        return self.resource_type == "test"

    @property
    def is_quiet(self) -> bool:
        """Say whether the node is a hook that went well: it is no relation and no check."""
        return self.resource_type == "operation" and self.has_passed


@dataclass(frozen=True)
class DbtOutcome:
    """Every node that a run touched, in the order in which they ended."""

    nodes: tuple[DbtNode, ...]

    @property
    def tests(self) -> tuple[DbtNode, ...]:
        """Return the data tests."""
        return tuple(node for node in self.nodes if node.is_test)

    @property
    def relations(self) -> tuple[DbtNode, ...]:
        """Return the seeds and models."""
        return tuple(node for node in self.nodes if not node.is_test)

    @property
    def broken(self) -> tuple[DbtNode, ...]:
        """Return the seeds and models that were not built: failed, or skipped after a failure."""
        return tuple(node for node in self.relations if not node.has_passed)


def expected_nodes(manifest: Mapping[str, Any], excluded_tag: str) -> list[DbtNode]:
    """Return the nodes that a run without `excluded_tag` must report, none of them passed yet.

    `manifest` is the content of manifest.json. A test goes with the relations that it looks at.
    Ephemeral models leave no trace and are left out.
    """
    left_out = {
        unique_id for unique_id, node in manifest["nodes"].items() if excluded_tag in node["tags"]
    }
    return [
        DbtNode(
            unique_id=unique_id,
            name=node["name"],
            resource_type=node["resource_type"],
            has_passed=False,
            status="missing",
            severity=severity_of(node["config"].get("severity")),
            failures=None,
            seconds=0.0,
        )
        for unique_id, node in manifest["nodes"].items()
        if unique_id not in left_out
        and left_out.isdisjoint(node["depends_on"].get("nodes", []))
        and _leaves_a_trace(node)
    ]


def _leaves_a_trace(node: Mapping[str, Any]) -> bool:
    config = node["config"]
    is_ours = node["resource_type"] in {"seed", "model", "test"}
    return is_ours and config.get("enabled", True) and config.get("materialized") != "ephemeral"


def severity_of(declared: str | None) -> Severity:
    """Return our word for the severity that a test declares."""
    return "warning" if (declared or "error").lower() == "warn" else "error"
