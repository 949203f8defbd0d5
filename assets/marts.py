"""dbt's seeds, models and tests as assets and checks, built in process without hiding anything.

A failing test is recorded and reported; it stops nothing here. A model that does not build stops
what needs it, after everything else has been recorded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from psycopg import sql

from assets.check_words import words_of
from assets.metadata import usd
from assets.runbook import advice
from resources.dagster_resources import Installation, JobRun
from resources.dbt_nodes import DbtNode, DbtOutcome
from resources.warehouse import builds
from resources.warehouse.builds import CheckResult, ExpectedCheck

POST_TAG = "post"
AMOUNT_COLUMNS = r"""
select column_name from information_schema.columns
where table_schema = %s and table_name = %s and column_name like '%%\_amount'
  and data_type = 'numeric' order by ordinal_position limit 6
"""
UNIQUE_ID = "dagster_dbt/unique_id"
SEVERITIES = {"error": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}
# What the post job makes itself is upstream of the models that reconcile it.
MADE_BY_POST = {
    "erp_document": dg.AssetKey(["erp", "document"]),
    "erp_document_line": dg.AssetKey(["erp", "document"]),
    "erp_balance": dg.AssetKey(["erp", "balance"]),
    "carry": dg.AssetKey(["erp", "balance"]),
    "carried_balance": dg.AssetKey(["erp", "balance"]),
    "foreign_state": dg.AssetKey(["erp", "foreign_line"]),
    "period": dg.AssetKey(["erp", "period"]),
    "entry_line": dg.AssetKey(["ledger", "entry"]),
    "entry_event": dg.AssetKey(["ledger", "entry"]),
}
Reported = dg.MaterializeResult[None] | dg.AssetCheckResult


class Translator(DagsterDbtTranslator):
    """Names a dbt node as Dagster asset: key `schema/name`, group, owner and `phi` from dbt."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Use the relation's schema and name; what the post job makes keeps its own key."""
        schema, name = dbt_resource_props["schema"], dbt_resource_props["name"]
        if schema == "ledger" and name in MADE_BY_POST:
            return MADE_BY_POST[name]
        return dg.AssetKey([schema, name])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Use the description alone, without the SQL."""
        return str(dbt_resource_props.get("description") or "")

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Say whether the relation holds patient data."""
        return {"phi": str(_meta(dbt_resource_props).get("phi", ""))}

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """Use the owner that the model declares."""
        owner = _meta(dbt_resource_props).get("owner")
        return [owner] if owner else None

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Use dbt's group; a source belongs to the asset that makes it."""
        group = dbt_resource_props.get("group") or dbt_resource_props["config"].get("group")
        return str(group) if group else None

    def get_asset_check_spec(self, *args: Any, **options: Any) -> dg.AssetCheckSpec | None:
        """Let no test stop what comes after it: the certificate decides."""
        spec = super().get_asset_check_spec(*args, **options)
        if spec is None:
            return None
        test = _manifest(args, options)["nodes"][spec.metadata[UNIQUE_ID]]
        return spec._replace(blocking=False, description=words_of(test))


def _manifest(args: Sequence[Any], options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the manifest among the arguments of `get_asset_check_spec`."""
    found: Mapping[str, Any] = options["manifest"] if "manifest" in options else args[1]
    return found


def _meta(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return properties.get("config", {}).get("meta") or properties.get("meta") or {}


def build_models(manifest: Path) -> dg.AssetsDefinition:
    """Make the step that builds everything but the reconciliation of what was posted."""

    @dbt_assets(
        manifest=manifest, name="build_models", exclude=f"tag:{POST_TAG}",
        dagster_dbt_translator=Translator(),
    )  # fmt: skip
    def build_models(
        context: dg.AssetExecutionContext, installation: Installation, build_run: JobRun
    ) -> Iterator[Reported]:
        chosen = ["--exclude", f"tag:{POST_TAG}"]
        yield from _built(context, installation, chosen, build_run)

    return build_models


def reconcile_models(manifest: Path) -> dg.AssetsDefinition:
    """Make the step that reconciles the ledger with what the ERP reports."""

    @dbt_assets(
        manifest=manifest, name="reconcile_models", select=f"tag:{POST_TAG}",
        dagster_dbt_translator=Translator(),
    )  # fmt: skip
    def reconcile_models(
        context: dg.AssetExecutionContext, installation: Installation, post_run: JobRun
    ) -> Iterator[Reported]:
        del post_run  # asked for because it keeps a second post run out
        yield from _built(context, installation, ["--select", f"tag:{POST_TAG}"], None)

    return reconcile_models


def _built(
    context: dg.AssetExecutionContext,
    installation: Installation,
    chosen: list[str],
    build_run: JobRun | None,
) -> Iterator[Reported]:
    """Build, record every outcome, report it, and only then fail if a model did."""
    outcome = installation.dbt.run(_selection(context) or chosen)
    if build_run is not None:
        build_run.keep_inputs(node.name for node in outcome.relations)
    with closing(installation.connect("transform")) as connection:
        if build_run is not None:
            builds.record(connection, build_run.build_id, map(node_result, outcome.nodes))
        yield from _reported(context, connection, outcome)
    if outcome.broken:
        names = ", ".join(f"{n.name} ({n.status})" for n in outcome.broken)
        raise dg.Failure(f"not built: {names}", allow_retries=False)


def _selection(context: dg.AssetExecutionContext) -> list[str] | None:
    """Name the chosen models where only some are asked for (a person's run in the UI)."""
    if not context.is_subset:
        return None
    specs = context.assets_def.specs
    chosen = [s for s in specs if s.key in context.selected_asset_keys]
    return ["--select", *(_fqn_id(spec.metadata[UNIQUE_ID]) for spec in chosen)]


def _fqn_id(unique_id: str) -> str:
    return unique_id.rsplit(".", 1)[-1]


def _reported(
    context: dg.AssetExecutionContext, connection: psycopg.Connection[Any], outcome: DbtOutcome
) -> Iterator[Reported]:
    """Report relations in the order in which dbt ended them: what is upstream comes first."""
    specs = {spec.metadata[UNIQUE_ID]: spec for spec in context.assets_def.specs}
    for node in outcome.relations:
        spec = specs.get(node.unique_id)
        if spec and node.has_passed and spec.key in context.selected_asset_keys:
            measures = _measures(connection, spec.key)
            yield dg.MaterializeResult(
                asset_key=spec.key, metadata={"seconds": node.seconds, **measures}
            )
    tests = {node.unique_id: node for node in outcome.tests}
    for check in context.assets_def.check_specs:
        tested = tests.get(check.metadata[UNIQUE_ID])
        if tested and check.key in context.selected_asset_check_keys:
            yield _check_result(check, tested)


def _check_result(check: dg.AssetCheckSpec, node: DbtNode) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=node.has_passed,
        severity=SEVERITIES[node.severity],
        metadata={
            "failing_rows": node.failures or 0,
            "status": node.status,
            "rule": check.description or "",
            "what_to_do": "nothing" if node.has_passed else advice("failed check"),
        },
    )


def _measures(connection: psycopg.Connection[Any], key: dg.AssetKey) -> dict[str, Any]:
    """Count a mart's rows and add up its dollars; other relations are not worth the scan."""
    if key.path[0] != "marts":
        return {}
    columns = [row[0] for row in connection.execute(AMOUNT_COLUMNS, tuple(key.path))]
    sums = [sql.SQL("sum({})").format(sql.Identifier(column)) for column in columns]
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join([sql.SQL("count(*)"), *sums]), sql.Identifier(*key.path)
    )
    count, *amounts = connection.execute(query).fetchone() or (0,)
    dollars = dict(zip(columns, map(usd, amounts), strict=False))
    return {"dagster/row_count": count, **dollars}


def node_expected(node: DbtNode) -> ExpectedCheck:
    """Say what a build must report of a node."""
    return ExpectedCheck(_check_id(node), "dbt_test" if node.is_test else "model", node.severity)


def node_result(node: DbtNode) -> CheckResult:
    """Say how a node came out; its message is never kept, since it may quote a row."""
    return CheckResult(
        check_id=_check_id(node),
        kind="dbt_test" if node.is_test else "model",
        severity=node.severity,
        has_passed=node.has_passed,
        failing_count=node.failures,
    )


def _check_id(node: DbtNode) -> str:
    return f"{node.resource_type}:{node.name}"


def source_keys(manifest: Mapping[str, Any]) -> Iterable[dg.AssetKey]:
    """Name the asset behind every dbt source."""
    translator = Translator()
    return (translator.get_asset_key(source) for source in manifest["sources"].values())
