"""Which requests Dagster's pages answer: a pure decision over host, origin, session and content.

No server and no Dagster here; `guard.py` asks and `serve.py` serves.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    parse,
)
from graphql.error import GraphQLSyntaxError

JOBS = frozenset({"build", "post", "replay", "replay_file"})
CONFIGURED = frozenset({"replay_file"})  # a file's name is its input
ASSETS = frozenset({("ops", "replay")})  # what a backfill may name
# Dagster's mutations that a person at the pages needs. What is not here is refused, so that one
# that a newer Dagster adds is refused too.
LAUNCHING = frozenset({
    "launchRun", "launchPipelineExecution", "launchMultipleRuns", "launchPartitionBackfill",
    "launchRunReexecution", "launchPipelineReexecution",
})  # fmt: skip
HARMLESS = frozenset({
    "terminateRun", "terminateRuns", "terminatePipelineExecution", "cancelPartitionBackfill",
    "startSchedule", "stopRunningSchedule", "startSensor", "stopSensor", "reloadWorkspace",
    "reloadRepositoryLocation", "logTelemetry", "setNuxSeen",
})  # fmt: skip
JobAssets = Mapping[str, frozenset[tuple[str, ...]]]
NOT_HERE = "this address is not the pages'"
NO_SESSION = "open the link that `tieout up` prints, or send the token of TIEOUT_PAGES_TOKEN"


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered, with the HTTP status that says so."""

    status: int
    words: str


@dataclass(frozen=True)
class Door:
    """The address of the pages, and the secret that opens them."""

    port: int
    token: str

    @property
    def hosts(self) -> frozenset[str]:
        """The names by which a browser on this machine knows the pages."""
        return frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"})

    @property
    def cookie_name(self) -> str:
        """The cookie of a session; cookies do not tell ports apart, names do."""
        return f"tieout_pages_{self.port}"

    @property
    def session(self) -> str:
        """What the cookie holds: it follows from the token, which it does not tell."""
        return hmac.new(self.token.encode(), b"session", hashlib.sha256).hexdigest()

    def refuses_place(self, headers: Mapping[str, str]) -> Refusal | None:
        """Refuse another host, and another page's origin (DNS rebinding, cross-site requests)."""
        if headers.get("host", "") not in self.hosts:
            return Refusal(403, NOT_HERE)
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return Refusal(403, NOT_HERE)
        return None

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request carries the session's cookie, or the token of a scheduler."""
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        held = _cookies(headers.get("cookie", "")).get(self.cookie_name, "")
        return self.opens(bearer) or hmac.compare_digest(held.encode(), self.session.encode())

    def opens(self, token: str) -> bool:
        """Tell whether a token is the one of these pages."""
        return hmac.compare_digest(token.encode(), self.token.encode())


def refuses_query(
    body: bytes, content_type: str, job_assets: JobAssets, *, is_live: bool = False
) -> Refusal | None:
    """Refuse a GraphQL request that does what nobody may do at the pages.

    `job_assets`: the assets of each job, all of which the pages name where a job runs whole.
    `is_live`: it came over a WebSocket, where nothing is changed.
    """
    if not content_type.startswith("application/json"):
        return Refusal(415, "GraphQL is posted as application/json")
    try:
        asked = json.loads(body)
        query, variables = asked["query"], asked.get("variables") or {}
        fields = list(_mutated(query, asked.get("operationName")))
    except (ValueError, TypeError, KeyError, AttributeError, GraphQLSyntaxError):
        return Refusal(400, "not one GraphQL request")
    if fields and is_live:
        return Refusal(403, "nothing is changed over a live connection")
    for field in fields:
        if refusal := _refuses_mutation(field, variables, job_assets):
            return refusal
    return None


def _mutated(query: str, operation_name: str | None) -> Iterator[FieldNode]:
    """Yield the fields of the mutations of a document, those in fragments included."""
    document = parse(query)
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and node.operation == OperationType.MUTATION:
            named = node.name.value if node.name else None
            if operation_name is None or named == operation_name:
                yield from _fields(node.selection_set, fragments)


def _fields(
    selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(fragments[node.name.value].selection_set, fragments)


def _refuses_mutation(
    field: FieldNode, variables: Mapping[str, Any], job_assets: JobAssets
) -> Refusal | None:
    name = field.name.value
    if name in HARMLESS or name == "__typename":
        return None
    if name not in LAUNCHING:
        return Refusal(403, f"{name} is not done at these pages")
    given = [argument.value for argument in field.arguments]
    names = [value.name.value for value in given if isinstance(value, VariableNode)]
    if len(names) != len(given):
        return Refusal(403, f"{name} takes its arguments as variables")
    for launched in _launches(variables[one] for one in names if one in variables):
        if refusal := _refuses_launch(launched, job_assets):
            return refusal
    return None


def _launches(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for value in values:
        yield from value if isinstance(value, list) else [value]


def _refuses_launch(asked: Mapping[str, Any], job_assets: JobAssets) -> Refusal | None:
    """Refuse another job, a part of one, assets outside of a job, and configuration."""
    selector = asked.get("selector") or {}
    job = selector.get("jobName") or selector.get("pipelineName")
    assets = asked.get("assetSelection") or selector.get("assetSelection") or ()
    named = frozenset(tuple(one.get("path", ())) for one in assets)
    if named - ASSETS and named != job_assets.get(job or ""):
        return Refusal(403, "these assets are made by the named jobs alone, which run whole")
    if job is not None and job not in JOBS and not assets:
        return Refusal(403, f"jobs are {', '.join(sorted(JOBS))}")
    if selector.get("solidSelection") or asked.get("stepKeys") or asked.get("selectedOps"):
        return Refusal(403, "a job runs whole")
    if job not in CONFIGURED and _is_configured(asked.get("runConfigData")):
        return Refusal(403, f"{job or 'this'} takes no configuration")
    return None


def _is_configured(config: object) -> bool:
    """Tell whether a run would be configured; the pages send an empty text or mapping."""
    return bool(config) and str(config).strip() not in ("{}", "null")


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, _, value in pairs}
