"""Which of Dagster's mutations are allowed, and with what: an allow-list, so new ones are refused.

Pure: a mutation's name and its arguments as GraphQL has read them. Which runs there may be is in
`resources/allowed_runs.py`; how Dagster's schema is made to ask is in `webserver.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from resources.allowed_runs import ASSET_JOB, REPLAY, Wanted, Whole, check_key, reason_to_refuse
from resources.warehouse.build_inputs import REBUILD_TAG
from resources.warehouse.triggers import KEY_TAG

# They switch the clock, end work, or have Dagster look again.
HARMLESS = frozenset({
    "cancelPartitionBackfill", "reloadRepositoryLocation", "reloadWorkspace", "resetSchedule",
    "resetSensor", "setNuxSeen", "startSchedule", "startSensor", "stopRunningSchedule",
})  # fmt: skip
LAUNCH = frozenset({"launchMultipleRuns", "launchPipelineExecution", "launchRun"})
FREE_TAGS = frozenset({
    KEY_TAG, REBUILD_TAG, "dagster/partition", "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end", "dagster/from_ui",
})  # fmt: skip
FIXED_TAGS = {"dagster/retry_strategy": "ALL_STEPS"}  # as every job has it

Arguments = Mapping[str, Any]
WholeOf = Callable[[str], Whole]


def reason_to_refuse_mutation(name: str, given: Arguments, whole_of: WholeOf) -> str | None:
    """Say why a mutation is refused, or None; `whole_of` gives all that a job has."""
    if name in HARMLESS:
        return None
    if name in LAUNCH:
        return _first(_of_launch(one, whole_of) for one in _launches(given))
    judge = JUDGED.get(name)
    return judge(given) if judge else f"{name} is not allowed on these pages"


def _launches(given: Arguments) -> Iterable[Arguments]:
    """Return the parameters of each run that a mutation starts."""
    several: list[Arguments] | None = given.get("executionParamsList")
    return [given["executionParams"]] if several is None else several


def _of_launch(params: Arguments, whole_of: WholeOf) -> str | None:
    selector, metadata = params["selector"], params.get("executionMetadata") or {}
    job = selector.get("pipelineName") or selector.get("jobName") or ""
    wanted = Wanted(
        job=job,
        assets=_assets(selector.get("assetSelection")) or None,
        checks=_checks(selector.get("assetCheckSelection"), job),
        has_chosen_steps=bool(params.get("stepKeys") or selector.get("solidSelection")),
        config=params.get("runConfigData") or {},
    )
    if metadata.get("rootRunId") or metadata.get("parentRunId"):
        return "a new run belongs to no earlier one"
    return reason_to_refuse(wanted, whole_of(job)) or _of_tags(metadata.get("tags"))


def _of_relaunch(given: Arguments) -> str | None:
    """A run is repeated as it was and from its start; the run queue judges what it was."""
    params: Arguments | None = given.get("reexecutionParams")
    if not params or given.get("executionParams"):
        return "a run is repeated as it was: name its run"
    if _word(params["strategy"]) != "ALL_STEPS":
        return "a run is repeated from its start: all steps"
    return _of_tags(params.get("extraTags"))


def _of_backfill(given: Arguments) -> str | None:
    params = given["backfillParams"]
    allowed = {
        "assetSelection", "partitionNames", "allPartitions", "tags", "title", "description",
        "fromFailure",
    }  # fmt: skip
    used = {name for name, value in params.items() if value}
    if used - allowed or _assets(params.get("assetSelection")) != {REPLAY}:
        return f"only days of {REPLAY} are backfilled, without further settings"
    return _of_tags(params.get("tags"))


def _of_termination(given: Arguments) -> str | None:
    policy = given.get("terminatePolicy")
    if policy and _word(policy) != "SAFE_TERMINATE":
        return "a run is ended safely, never only marked as ended"
    return None


def _of_tags(tags: Iterable[Arguments] | None) -> str | None:
    for tag in tags or ():
        if tag["key"] not in FREE_TAGS and FIXED_TAGS.get(tag["key"]) != tag["value"]:
            return f"a run takes these tags only: {', '.join(sorted(FREE_TAGS))}"
    return None


def _assets(selection: Iterable[Arguments] | None) -> frozenset[str]:
    return frozenset("/".join(key["path"]) for key in selection or ())


def _checks(selection: Iterable[Arguments] | None, job: str) -> frozenset[str] | None:
    """None where the selection says nothing; days that are read again have no checks."""
    if selection is None or job == ASSET_JOB:
        return None
    return frozenset(check_key("/".join(c["assetKey"]["path"]), c["name"]) for c in selection)


def _word(value: object) -> str:
    """Return the word of an enumeration, which graphene gives as a member or as text."""
    return str(getattr(value, "value", value))


def _first(reasons: Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason), None)


# Each with the judgement of what it is given; a mutation that stands nowhere is refused.
JUDGED: Mapping[str, Callable[[Arguments], str | None]] = {
    "launchPartitionBackfill": _of_backfill,
    "launchPipelineReexecution": _of_relaunch,
    "launchRunReexecution": _of_relaunch,
    "terminatePipelineExecution": _of_termination,
    "terminateRun": _of_termination,
    "terminateRuns": _of_termination,
}
