"""One expectation about a mart, and how a suite of them is judged by Great Expectations.

Only yes or no comes back from it: the keys of the rows that fail are found by a query of our own,
so that no value of a row can reach a log or the run's metadata.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from resources.dagster_resources import Installation
from resources.warehouse.builds import CheckResult, ExpectedCheck, Severity

SHOWN_KEYS = 20
SCHEMA = "marts"


@dataclass(frozen=True)
class Expectation:
    """What must hold for a mart.

    `kind` and `arguments` are Great Expectations' own; `breaks` is the same rule turned round as
    a SQL condition: the rows of the mart that break it. `keys` is the mart's grain.
    """

    name: str
    mart: str
    kind: str
    arguments: Mapping[str, Any]
    severity: Severity
    description: str
    breaks: str
    keys: tuple[str, ...]

    @property
    def check_id(self) -> str:
        """Return the id under which outcomes are kept."""
        return f"expectation:{self.mart}.{self.name}"

    @property
    def expected(self) -> ExpectedCheck:
        """Return the line that a certificate must have for it."""
        return ExpectedCheck(self.check_id, "expectation", self.severity)


@dataclass(frozen=True)
class Judgement:
    """How an expectation came out, with the number of rows that break it and some of their keys."""

    expectation: Expectation
    has_passed: bool
    failing_count: int
    failing_keys: tuple[str, ...]

    @property
    def result(self) -> CheckResult:
        """Return the row to keep."""
        return CheckResult(
            check_id=self.expectation.check_id,
            kind="expectation",
            severity=self.expectation.severity,
            has_passed=self.has_passed,
            failing_count=self.failing_count,
        )


def breaking_rows(condition: str) -> dict[str, Any]:
    """State a rule over several columns by the rows that break it, for `Expectation(**...)`."""
    query = f"select 1 from {{batch}} where {condition}"  # noqa: S608  (our own text)
    return {
        "kind": "UnexpectedRowsExpectation",
        "arguments": {"unexpected_rows_query": query},
        "breaks": condition,
    }


def judge(installation: Installation, suite: Sequence[Expectation]) -> list[Judgement]:
    """Validate every mart of the suite as the role that BI logs in with."""
    verdicts: dict[str, bool] = {}
    for mart in dict.fromkeys(e.mart for e in suite):
        verdicts |= _validate(installation, mart, [e for e in suite if e.mart == mart])
    with closing(installation.connect("bi_reader")) as connection:
        return [_judgement(connection, e, verdicts[e.name]) for e in suite]


def _validate(
    installation: Installation, mart: str, expectations: Iterable[Expectation]
) -> dict[str, bool]:
    """Ask Great Expectations; an expectation that it could not evaluate has not passed."""
    import great_expectations as gx  # noqa: PLC0415  (takes seconds: only where it is used)
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    url = installation.settings.database.url("bi_reader")
    source = context.data_sources.add_postgres(
        "warehouse", connection_string=url.replace("postgresql://", "postgresql+psycopg2://")
    )
    asset = source.add_table_asset(mart, table_name=mart, schema_name=SCHEMA)
    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    suite = gx.ExpectationSuite(name=mart, expectations=[_build(gx, e) for e in expectations])
    found = batch.validate(suite, result_format="BOOLEAN_ONLY")
    results: list[Any] = list(found.results)
    return {r.expectation_config.meta["name"]: bool(r.success) for r in results}


def _build(gx: Any, expectation: Expectation) -> Any:
    kind = getattr(gx.expectations, expectation.kind)
    return kind(**expectation.arguments, meta={"name": expectation.name})


def _judgement(
    connection: psycopg.Connection[Any], expectation: Expectation, verdict: bool
) -> Judgement:
    count, keys = failing(connection, expectation)
    return Judgement(expectation, verdict and count == 0, count, keys)


def failing(
    connection: psycopg.Connection[Any], expectation: Expectation
) -> tuple[int, tuple[str, ...]]:
    """Count the rows that break the expectation, and name some of them by the mart's grain."""
    key = sql.SQL("concat_ws(' | ', {})").format(
        sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(k)) for k in expectation.keys)
    )
    query = sql.SQL(
        "select {key} as row_key, count(*) over () from {mart} where {breaks}"
        " order by row_key limit {limit}"
    ).format(
        key=key,
        mart=sql.Identifier(SCHEMA, expectation.mart),
        breaks=sql.SQL(expectation.breaks),  # our own text, fixed in the code
        limit=sql.Literal(SHOWN_KEYS),
    )
    rows = connection.execute(query).fetchall()
    return (rows[0][1] if rows else 0), tuple(row[0] for row in rows)
