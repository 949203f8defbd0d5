"""When builds run by the clock. Posting follows by itself: see `sensors/posting.py`."""

import dagster as dg


def build_schedule() -> dg.ScheduleDefinition:
    """Build every quarter of an hour. Off until somebody turns it on: cron may be elsewhere."""
    return dg.ScheduleDefinition(
        name="build_every_quarter_hour",
        job_name="build",
        cron_schedule="*/15 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Looks at every source and builds.",
    )
