"""What a person should be told: conditions worked out from what is so now, a row for each.

Level-triggered: a condition that lasts keeps its one row open; a look that was missed costs
nothing. Rows and their delivery are in `resources/warehouse/alerts.py` and `alert_sinks.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg

from assets.checks.freshness import INTERFACES
from assets.runbook import advice
from billing.governance.interfaces import Interfaces, read_interfaces
from resources.alert_sinks import AlertSink, SinkError, read_sinks
from resources.dagster_resources import Installation
from resources.environment import InvalidSettingError, MissingSettingError
from resources.warehouse import alerts, source_status
from resources.warehouse.alerts import Books, Condition
from resources.warehouse.ledger import audit_head
from resources.warehouse.source_status import Look
from resources.warehouse.tie_outs import TIE_OUTS
from sensors import anchoring
from sensors.posting import OVER

JOBS = ("build", "post", "replay")
# Holidays that are not listed would be taken for business days.
CALENDAR_AHEAD = timedelta(days=30)


def conditions(
    found: Sequence[Look],
    books: Books,
    failed_jobs: Iterable[str],
    expected: Interfaces,
    now: datetime,
) -> list[Condition]:
    """Return all that should be told of now."""  # fmt: skip
    return [
        *_of_sources(found, books, expected, now),
        *_of_books(books),
        *(
            Condition("RUN_FAILED", job, "error", f"the newest run of the job {job} failed")
            for job in failed_jobs
        ),
        *_of_calendar(expected, now),
    ]


def _of_sources(
    found: Sequence[Look], books: Books, expected: Interfaces, now: datetime
) -> Iterator[Condition]:
    for look in found:
        if look.outcome == "not_set_up" or look.source not in expected.sources:
            continue
        source, known = look.source, expected.sources[look.source]
        if look.failing_since and now - look.failing_since >= known.failing:
            since = f"{look.failing_since:%Y-%m-%d %H:%MZ}"
            words = f"{source} fails since {since}: {look.code}"
            yield Condition("SOURCE_FAILING", source, "error", words)
        fresh = expected.freshness(source, books.newest.get(source), now)
        if not fresh.is_fresh and source in books.newest:
            yield Condition("SOURCE_STALE", source, "warning", fresh.words)


def _of_books(books: Books) -> Iterator[Condition]:
    for entity, state, count in books.troubled:
        words = f"{count} entries of {entity} are {state}"
        yield Condition(f"ENTRIES_{state.upper()}", entity, "error", words)
    if books.certificate_failures:
        words = f"{books.certificate_failures} checks of the newest certificate do not pass"
        yield Condition("CERTIFICATE", "close", "error", words)
    for check in books.post_failures:
        words = f"the ledger and the ERP differ: tie-out {check} does not hold"
        yield Condition("ERP_DIFFERS", check, "error", words)


def _of_calendar(expected: Interfaces, now: datetime) -> Iterator[Condition]:
    day = (now + CALENDAR_AHEAD).date()
    if not expected.calendar.knows(day):
        words = f"governance/interfaces.yaml lists no holidays of {day.year}"
        yield Condition("CALENDAR_ENDS", str(day.year), "warning", words)


@dg.sensor(
    minimum_interval_seconds=29,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Opens one alert per failure or stale source, closes what is gone, delivers.",
)
def alerting_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Bring the alerts in step with what is so now, and deliver; never requests a run.

    Once a day each sink is also told the head of the audit.
    """
    now = datetime.now(UTC)
    posting = [one.id for one in TIE_OUTS if one.phase == "post"]
    with Installation().kept_connection("transform") as connection:
        found = conditions(
            source_status.read_all(connection), alerts.read_books(connection, posting),
            _failed_jobs(context.instance), read_interfaces(INTERFACES.read_text()), now,
        )  # fmt: skip
        alerts.settle(connection, [(one, advice(one.kind)) for one in found], now)
        said = _deliver_all(connection)
        head = audit_head(connection)
        connection.rollback()
    told = anchoring.deliver(head, anchoring.read(context.cursor), now)
    context.update_cursor(anchoring.written(told))
    return dg.SkipReason("; ".join([f"{len(found)} alerts open", *said]))


def _failed_jobs(instance: dg.DagsterInstance) -> list[str]:
    """Return the jobs whose newest finished run did not succeed."""
    newest = {
        job: instance.get_run_records(dg.RunsFilter(job_name=job, statuses=OVER), limit=1)
        for job in JOBS
    }
    return [job for job, found in newest.items() if found and not found[0].dagster_run.is_success]


def _deliver_all(connection: psycopg.Connection[Any]) -> list[str]:
    """Deliver to each sink; return what kept one from taking an alert: it is tried again."""
    try:
        sinks = read_sinks()
    except (InvalidSettingError, MissingSettingError) as wrong:
        return [str(wrong)]
    return [said for sink in sinks for said in _deliver(connection, sink)]


def _deliver(connection: psycopg.Connection[Any], sink: AlertSink) -> list[str]:
    for alert in alerts.undelivered(connection, sink.name):
        try:
            sink.deliver(alert)
        except SinkError as problem:
            return [str(problem)]  # the next would fail as well
        alerts.delivered(connection, alert, sink.name, datetime.now(UTC))
    return []
