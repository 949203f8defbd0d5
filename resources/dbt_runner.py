"""dbt in process on a manifest parsed before: no subprocess, no second parse, nothing printed.

What a run says is one fact per node. Messages of the database are never kept: they quote rows.
What is done with a failed test is decided by the caller; here a failing test skips nothing.
Rules over the rows of one relation are counted together after the run: see `model_rules.py`.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.dbt_manifest import is_parsed, mark_parsed, source_key, take_installed
from resources.dbt_nodes import DbtNode, DbtOutcome, Severity, severity_of
from resources.model_rules import RuledRelation, count_failures, take_rules
from resources.settings import DatabaseSettings
from resources.warehouse.database import connect

if TYPE_CHECKING:
    import psycopg
    from dbt.contracts.graph.manifest import Manifest

# Parsing never sees the login of a run: the same project is the same parse for every database.
NO_LOGIN = {
    "TIEOUT_DB_HOST": "127.0.0.1",
    "TIEOUT_DB_PORT": "5432",
    "TIEOUT_DB_NAME": "tieout",
    "TIEOUT_ROLE_PREFIX": "tieout",
    "TIEOUT_PASSWORD_TRANSFORM": "",
}
QUIET = ("--log-level", "none", "--log-level-file", "none", "--no-write-json", "--no-use-colors")
_ONE_AT_A_TIME = threading.Lock()  # dbt keeps its adapter and its flags in module globals


class DbtParseError(Exception):
    """The project does not parse; `dbt parse` by hand shows why."""


class DbtRunError(Exception):
    """dbt gave no result at all: it could not start. The text names the class of the cause."""


class DbtRunner:
    """One dbt project, its state folder, and the database that it builds in."""

    def __init__(
        self, project: Path, state: Path, database: DatabaseSettings | None = None
    ) -> None:
        """`state` keeps target and logs; without `database` the runner can only parse."""
        self._project = project
        self._target = state / "target"
        self._logs = state / "logs"
        self._database = database

    @property
    def manifest_path(self) -> Path:
        """Return where the manifest of the last parse lies."""
        return self._target / "manifest.json"

    def source_key(self) -> str:
        """Return what names the project as it is now: its content, and dbt's version."""
        return source_key(self._project)

    def ensure_manifest(self) -> bool:
        """Have the manifest of the project's content ready; say whether it was not yet.

        It is taken from the installation where that has it, and parsed else. Raises DbtParseError.
        """
        wanted = self.source_key()
        if is_parsed(self._target, wanted):
            return False
        if not take_installed(self._target, self._project, wanted):
            self._parse()
        mark_parsed(self._target, self._project, wanted)
        return True

    def run(self, arguments: Sequence[str]) -> DbtOutcome:
        """Build seeds, models and data tests that `arguments` select (`--select`, `--exclude`).

        Severities are lowered to `warn` for the run, so that no test hides what comes after it;
        the outcome carries the severity that the project declares. Raises DbtRunError.
        """
        self.ensure_manifest()
        manifest = self._manifest()
        severities = _soften(manifest)
        rules = take_rules(manifest) if "test" not in arguments else {}
        manifest.build_parent_and_child_maps()
        command = ["build", "--exclude-resource-type", "unit_test", *arguments]
        found = self._invoke([*QUIET, *command], manifest, self._variables())
        results = getattr(found.result, "results", None)
        if results is None:
            raise DbtRunError(f"dbt did not start ({type(found.exception).__name__})")
        ended = (_node(result, severities) for result in results)
        nodes = tuple(node for node in ended if not node.is_quiet)
        return DbtOutcome((*nodes, *self._ruled(nodes, rules, severities)))

    def _ruled(
        self,
        nodes: Sequence[DbtNode],
        rules: Mapping[str, RuledRelation],
        severities: Mapping[str, Severity],
    ) -> Iterator[DbtNode]:
        """Judge the rules of each relation that the run touched."""
        touched = [(node, rules[node.unique_id]) for node in nodes if node.unique_id in rules]
        if not touched or self._database is None:
            return
        with closing(connect(self._database, "transform", autocommit=True)) as connection:
            for node, ruled in touched:
                yield from _judged(connection, node, ruled, severities)

    def _parse(self) -> None:
        self._target.mkdir(parents=True, exist_ok=True)
        command = ["--log-level", "none", "--log-level-file", "none", "parse"]
        with _environment(NO_LOGIN):
            found = self._invoke(command, None, self._folders())
        if not found.success:
            raise DbtParseError(f"the dbt project does not parse: {found.exception}")

    def _manifest(self) -> Any:
        from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415 (seconds)

        manifest: Any = Manifest.from_msgpack((self._target / "partial_parse.msgpack").read_bytes())
        if self._database is not None:
            _point_at(manifest, self._database.name)
        return manifest

    def _invoke(
        self, arguments: list[str], manifest: "Manifest | None", variables: Mapping[str, str]
    ) -> Any:
        from dbt.cli.main import dbtRunner  # noqa: PLC0415 (seconds)

        folders = ["--project-dir", str(self._project), "--profiles-dir", str(self._project)]
        with _ONE_AT_A_TIME, _environment(variables):
            return dbtRunner(manifest=manifest).invoke([*arguments, *folders])

    def _folders(self) -> dict[str, str]:
        return {
            "DBT_TARGET_PATH": str(self._target),
            "DBT_LOG_PATH": str(self._logs),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
        }

    def _variables(self) -> dict[str, str]:
        return {**self._folders(), **(_login(self._database) if self._database else {})}


def _soften(manifest: Any) -> dict[str, Severity]:
    """Set every test of the manifest object to `warn`; return what was declared."""
    declared: dict[str, Severity] = {}
    for unique_id, node in manifest.nodes.items():
        if node.resource_type == "test":
            declared[unique_id] = severity_of(node.config.severity)
            node.config.severity = "warn"
    return declared


def _point_at(manifest: Any, database: str) -> None:
    """Name the database of this run in every relation: one parse serves every world's database."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        parsed, node.database = node.database, database
        if getattr(node, "relation_name", None):
            node.relation_name = node.relation_name.replace(f'"{parsed}"', f'"{database}"', 1)


def _node(result: Any, severities: Mapping[str, Severity]) -> DbtNode:
    node = result.node
    status = str(result.status)
    return DbtNode(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        has_passed=status in {"pass", "success"},
        status=status,
        severity=severities.get(node.unique_id, "error"),
        failures=result.failures,
        seconds=round(result.execution_time, 3),
    )


def _judged(
    connection: "psycopg.Connection[Any]",
    node: DbtNode,
    ruled: RuledRelation,
    severities: Mapping[str, Severity],
) -> Iterator[DbtNode]:
    """Say of each rule of a relation how it came out; none is asked of one that was not built."""
    started = time.monotonic()
    counts: list[int | None] = [None] * len(ruled.rules)
    if node.has_passed:
        counts = count_failures(connection, ruled.relation, ruled.rules)
    seconds = round((time.monotonic() - started) / len(ruled.rules), 3)
    for rule, count in zip(ruled.rules, counts, strict=True):
        unknown = "error" if node.has_passed else "skipped"
        status = {None: unknown, 0: "pass"}.get(count, "warn")
        severity = severities[rule.unique_id]
        yield DbtNode(
            rule.unique_id, rule.name, "test", count == 0, status, severity, count, seconds
        )


def _login(database: DatabaseSettings) -> dict[str, str]:
    return {
        "TIEOUT_DB_HOST": database.host,
        "TIEOUT_DB_PORT": str(database.port),
        "TIEOUT_DB_NAME": database.name,
        "TIEOUT_ROLE_PREFIX": database.role_prefix,
        "TIEOUT_PASSWORD_TRANSFORM": database.passwords["transform"],
        **database.client_variables,
    }


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Lend dbt its variables: it takes its login from the environment and from nowhere else."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
