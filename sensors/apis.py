"""When to build for a source that is an API: by one cheap question, or when its time has come.

The card processor lists its movements newest first: one newer than all that was received is news.
An EHR's export cannot be asked whether it has something new: it is due every so often.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import dagster as dg

from assets.checks.freshness import INTERFACES
from billing.governance.interfaces import read_interfaces
from resources import ehr, job_lock, payments
from resources.dagster_resources import Installation
from resources.environment import InvalidSettingError, MissingSettingError
from resources.http import HttpClient
from resources.receipt import NoMarks, SourceError
from resources.settings import CardSettings
from resources.warehouse import receiving, source_status
from sensors.sources import FAILING_AGAIN, JOB, SETTING, TICK_SECONDS, SourceDecision, request

ASKED_AGAIN = timedelta(minutes=2)
DUE_SECONDS = 29  # a look at a clock: the next export is due in minutes
MOVEMENTS = "balance_transactions"  # a charge, a refund and a payout each are a movement


@dataclass(frozen=True)
class News:
    """The newest movement there and here, and when a build was last asked for because of it."""

    there: datetime | None
    here: datetime | None
    asked_at: datetime | None = None
    is_building: bool = False

    @property
    def is_new(self) -> bool:
        """Say whether there is a movement that was not received."""
        return self.there is not None and (self.here is None or self.there > self.here)


def decide_news(news: News, now: datetime) -> SourceDecision:
    """Build when the newest movement there is newer than the newest that was received.

    One that a build did not bring is asked for again after a pause, not at every look.
    """
    if not news.is_new:
        return SourceDecision(False, "nothing new")
    if news.asked_at is not None and now - news.asked_at < ASKED_AGAIN:
        return SourceDecision(False, "new movements; a build was asked for")
    if news.is_building:
        return SourceDecision(False, "new movements, after the build at work")
    return SourceDecision(True, "new movements")


def decide_due(
    look: source_status.Look | None, every: timedelta, now: datetime, *, is_building: bool
) -> SourceDecision:
    """Build when the last export, good or failed, lies long enough back."""
    if look is not None and look.outcome == "not_set_up":
        return SourceDecision(False, "the source is not set up")
    if look is not None and now - look.looked_at < every:
        return SourceDecision(False, f"asked at {look.looked_at:%H:%M}Z; due every {every}")
    if is_building:
        return SourceDecision(False, "due, after the build at work")
    return SourceDecision(True, "an export is due")


@cache
def _client(url: str) -> HttpClient:
    """The connection to a processor, kept for as long as this process lives."""
    return HttpClient(url, attempts=1)


def _newest(settings: CardSettings) -> datetime | None:
    lists = payments.CardLists(settings, _client(settings.url), NoMarks())
    return lists.newest(MOVEMENTS)


@dg.sensor(
    name=f"{payments.SOURCE}_sensor",
    job_name=JOB,
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a build while the card processor has movements that are not received.",
)
def payments_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask the processor for its newest movement, and the database for the newest received."""
    now = datetime.now(UTC)
    news = _look(Installation(), context.cursor or "", now)
    if isinstance(news, str):
        return dg.SkipReason(news)
    answer = request(context, decide_news(news, now))
    if isinstance(answer, dg.RunRequest) and news.there:
        context.update_cursor(f"{news.there.isoformat()}|{now.isoformat()}")
    return answer


def _look(installation: Installation, cursor: str, now: datetime) -> News | str:
    """Look once and remember it; a text says why there is no news."""
    with installation.kept_connection("ingest") as connection:
        known = source_status.read(connection, payments.SOURCE)
        if known and known.code and now - known.looked_at < FAILING_AGAIN:
            return f"the source fails: {known.code}"
        code, there, is_set_up = _ask(installation)
        here = receiving.newest_at(connection, payments.SOURCE, f"/v1/{MOVEMENTS}")
        news = News(there, here, _asked_at(cursor, there), job_lock.is_running(connection, JOB))
        seen = source_status.Seen(payments.SOURCE, int(news.is_new), code, is_set_up)
        source_status.record(connection, seen, now)
    if not is_set_up:
        return "the source is not set up"
    return f"the source fails: {code}" if code else news


def _asked_at(cursor: str, there: datetime | None) -> datetime | None:
    """Return when a build was asked for because of this movement; a hint, as any cursor."""
    movement, _, at = cursor.partition("|")
    return datetime.fromisoformat(at) if there and movement == there.isoformat() else None


def _ask(installation: Installation) -> tuple[str | None, datetime | None, bool]:
    """Return why it failed, the newest movement, and whether the source is set up."""
    try:
        settings = installation.settings.cards
        if not settings.is_configured:
            return None, None, False
        return None, _newest(settings), True
    except SourceError as failure:
        return failure.code, None, True
    except (InvalidSettingError, MissingSettingError):
        return SETTING, None, True


@dg.sensor(
    name=f"{ehr.SOURCE}_sensor",
    job_name=JOB,
    minimum_interval_seconds=DUE_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a build when the EHR's next export is due.",
)
def ehr_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Look at when the EHR was asked last: by a build, which exports and records it."""
    expected = read_interfaces(INTERFACES.read_text()).sources[ehr.SOURCE]
    if expected.every is None:
        return dg.SkipReason("only asked along with other sources")
    with Installation().kept_connection("ingest") as connection:
        look = source_status.read(connection, ehr.SOURCE)
        is_building = job_lock.is_running(connection, JOB)
    now = datetime.now(UTC)
    return request(context, decide_due(look, expected.every, now, is_building=is_building))


def api_sensors() -> list[dg.SensorDefinition]:
    """Make the sensors of the sources that are APIs."""
    return [payments_sensor, ehr_sensor]
