"""When builds run by the clock, on business days. Posting follows: see `sensors/posting.py`.

Sensors ask for builds as files come; the clock makes sure of one at the close of each day.
"""

from datetime import UTC, datetime, time

import dagster as dg

from billing.governance.calendar import BusinessCalendar
from billing.governance.interfaces import Interfaces

JOB = "build"
WHY = "tieout/why"


def schedules(interfaces: Interfaces) -> list[dg.ScheduleDefinition]:
    """Make the schedules; `interfaces` says when, where, and which days are business days."""
    return [
        _on_business_days(
            "daily_close", interfaces, "Builds at the end of each business day.", is_weekly=False
        ),
        _on_business_days(
            "weekly_forecast", interfaces,
            "Builds on the morning of a week's first business day, for the cash forecast.",
            is_weekly=True,
        ),
        dg.ScheduleDefinition(
            name="build_every_hour",
            job_name=JOB,
            cron_schedule="0 * * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.STOPPED,
            description="For those who run no sensors: looks at every source and builds.",
        ),
    ]  # fmt: skip


def reason_to_skip(calendar: BusinessCalendar, at: datetime, *, is_weekly: bool) -> str | None:
    """Say why nothing runs at an instant, or None. Raises ValueError without a time zone."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    day = calendar.local_day(at)
    if not calendar.is_business_day(day):
        return f"{day} is no business day"
    if is_weekly and not calendar.is_first_of_week(day):
        return f"{day} is not the first business day of its week"
    return None


def _on_business_days(
    name: str, interfaces: Interfaces, description: str, *, is_weekly: bool
) -> dg.ScheduleDefinition:
    calendar, at = interfaces.calendar, interfaces.schedules[name]

    @dg.schedule(
        name=name,
        job_name=JOB,
        cron_schedule=_cron(at),
        execution_timezone=calendar.zone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def evaluate(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Ask the calendar."""
        planned = context.scheduled_execution_time or datetime.now(UTC)
        reason = reason_to_skip(calendar, planned, is_weekly=is_weekly)
        # One run per planned moment, however many daemons there are.
        key = f"{name}:{planned.isoformat()}"
        return dg.SkipReason(reason) if reason else dg.RunRequest(run_key=key, tags={WHY: name})

    return evaluate


def _cron(at: time) -> str:
    return f"{at.minute} {at.hour} * * *"
