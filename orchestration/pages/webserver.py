"""Dagster's webserver with what it may do cut down: mutations by allow-list, fewer ways in.

It does not know who asks: the guard in front of it has checked that.
"""

from collections.abc import Callable
from typing import Any

from dagster._core.workspace.context import BaseWorkspaceRequestContext, WorkspaceProcessContext
from dagster_graphql.schema.errors import GraphenePythonError
from dagster_graphql.schema.runs import parse_run_config_input
from dagster_shared.error import SerializableErrorInfo
from dagster_webserver.webserver import DagsterWebserver
from graphene import Schema
from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLUnionType,
    get_named_type,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from orchestration.pages.guard import WRONG_METHOD
from orchestration.pages.mutations import reason_to_refuse_mutation
from resources.allowed_runs import Whole
from resources.dagster_runs import whole_job

# They write events by hand, or read a file that a caller names. GraphQL and pages stay.
CLOSED = ("/report_asset_", "/notebook", "/dagit")


class GuardedWebserver(DagsterWebserver[WorkspaceProcessContext, BaseWorkspaceRequestContext]):
    """The same pages, over a schema whose mutations are judged before they are done."""

    def build_graphql_schema(self) -> Schema:
        """Make Dagster's schema and put the judgement in front of each mutation."""
        schema = super().build_graphql_schema()
        root = schema.graphql_schema.mutation_type
        if not isinstance(root, GraphQLObjectType):
            raise TypeError("Dagster's schema has no mutations")
        for name, field in root.fields.items():
            field.resolve = _judged(name, field)
        return schema

    def build_routes(self) -> list[BaseRoute]:
        """Leave out the ways in that nothing of ours uses."""
        routes: list[BaseRoute] = super().build_routes()  # type: ignore[no-untyped-call]
        return [one for one in routes if not str(getattr(one, "path", "")).startswith(CLOSED)]

    async def graphql_http_endpoint(self, request: Request) -> Response:
        """Take GraphQL as JSON by POST only: a form or a link of another page sends neither."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method != "POST" or kind != "application/json":
            return PlainTextResponse(f"{WRONG_METHOD.line}, as JSON\n", WRONG_METHOD.status)
        answer: Response = await super().graphql_http_endpoint(request)
        return answer


def _judged(name: str, field: GraphQLField) -> Callable[..., Any]:
    """Return the resolver of a mutation with the judgement in front of it."""
    resolve = field.resolve
    if resolve is None:
        raise TypeError(f"Dagster's mutation {name} has no resolver")

    def judged(root: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        def whole_of(job: str) -> Whole:
            return whole_job(info.context, job)

        reason = reason_to_refuse_mutation(name, _with_read_config(given), whole_of)
        return _refusal(info, f"refused: {reason}") if reason else resolve(root, info, **given)

    return judged


def _refusal(info: GraphQLResolveInfo, words: str) -> GraphenePythonError:
    """Return the answer whose words Dagster's pages and client show; raise where there is none.

    An error with a path is the caller's; one without is the server's, with a traceback.
    """
    answers = get_named_type(info.return_type)
    kinds = answers.types if isinstance(answers, GraphQLUnionType) else ()
    if any(one.name == "PythonError" for one in kinds):
        error = SerializableErrorInfo(words, [], "RefusedError")
        return GraphenePythonError(error)  # type: ignore[no-untyped-call]
    raise GraphQLError(words, info.field_nodes, path=info.path.as_list())


def _with_read_config(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with configuration that came as text read as Dagster reads it."""
    return {name: _read(value) for name, value in given.items()}


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    if not isinstance(value, dict) or not value.get("runConfigData"):
        return value
    config = parse_run_config_input(value["runConfigData"], raise_on_error=False)
    return {**value, "runConfigData": config}
