"""How an asset is described: one shape for every table that is not made by dbt.

Also the tables that no asset makes (governance and receipts), so that lineage has no loose end.
"""

from collections.abc import Iterable, Mapping

import dagster as dg

ENGINEERING = "team:data-engineering"
ACCOUNTING = "team:accounting"
TREASURY = "team:treasury"


def table_spec(  # noqa: PLR0913
    schema: str,
    table: str,
    description: str,
    *,
    group: str,
    owner: str,
    kinds: Iterable[str],
    has_phi: bool,
    deps: Iterable[dg.AssetKey] = (),
) -> dg.AssetSpec:
    """Describe the asset `schema/table`."""
    return dg.AssetSpec(
        key=[schema, table],
        description=description,
        group_name=group,
        owners=[owner],
        kinds=set(kinds),
        tags={"phi": "yes" if has_phi else "no"},
        deps=list(deps),
    )


def raw_specs(
    group: str, kind: str, owner: str, tables: Mapping[str, str]
) -> tuple[dg.AssetSpec, ...]:
    """Describe the raw tables of one source: all of them hold patient data."""
    return tuple(
        table_spec(
            "raw", table, what, group=group, owner=owner, kinds={kind, "postgres"}, has_phi=True
        )
        for table, what in tables.items()
    )


KEPT_TABLES = {
    ("ops", "installation"): "The as-of date and the default entity. One row.",
    ("ops", "entity"): "One row per legal entity.",
    ("ops", "facility"): "One row per facility.",
    ("ops", "provider"): "One row per billing provider number that is mapped to a facility.",
    ("ops", "bank_account"): "One row per bank account that receives an entity's money.",
    ("ops", "received_file"): "One row per distinct content received, and how it ended.",
    ("ops", "exception"): "One row per thing that needs a person: from receiving, parsing, builds.",
    ("ops", "build"): "One row per build, or per run that found an earlier build current.",
    ("ops", "build_input"): "One row per build: what it was made from, and how it left its tables.",
    ("ops", "certificate"): "One row per build whose certificate was issued.",
    ("ledger", "request_state"): "One row per request of people with what became of it.",
    ("ledger", "request_line"): "One row per line of a manual entry that somebody asked for.",
    ("ledger", "model_run_state"): "One row per run of an estimate with what became of it.",
    ("ledger", "model_run_line"): "One row per run, facility, payer class and age.",
    ("ledger", "model_run_use"): "One row per run of what other rules took from the allowance.",
    ("ledger", "opening_state"): "One row per conversion list with what became of it.",
    ("ledger", "opening_line"): "One row per line of a conversion list.",
    ("ledger", "opening_kind"): "One row per kind of opening balance with its event.",
    ("ledger", "installation"): "One row: the identity of this installation and its limits.",
}


def kept_specs() -> list[dg.AssetSpec]:
    """Describe the tables that receiving and governance keep up, outside of any asset."""
    return [
        table_spec(
            schema, table, what, group="governance", owner=ENGINEERING,
            kinds={"postgres"}, has_phi=False,
        )
        for (schema, table), what in KEPT_TABLES.items()
    ]  # fmt: skip
