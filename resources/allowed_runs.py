"""Which runs there are: the named jobs as a whole, and days that are read again.

Stated once for both places that ask: Dagster's pages before a run is made, and the run queue for
runs that come another way. Pure; how a run was asked for is not known here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

JOBS = frozenset({"build", "post", "replay", "replay_file"})
ASSET_JOB = "__ASSET_JOB"  # Dagster's name for a run of chosen assets
REPLAY = "ops/replay"
FILE_STEP = "replay_one_file"


@dataclass(frozen=True)
class Whole:
    """All that a job has: asset keys as `a/b`, checks as `a/b:name`."""

    assets: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wanted:
    """A run to be; a selection that is None takes all of the job."""

    job: str
    assets: frozenset[str] | None = None
    checks: frozenset[str] | None = None
    has_chosen_steps: bool = False
    config: Mapping[str, object] = field(default_factory=dict)


def check_key(asset: str, name: str) -> str:
    """Return the name of a check as selections hold it."""
    return f"{asset}:{name}"


def reason_to_refuse(wanted: Wanted, whole: Whole) -> str | None:
    """Say why a run may not be, or None; `whole` is all of the job that is asked for."""
    if wanted.job == ASSET_JOB:
        if wanted.assets != frozenset({REPLAY}):
            return f"only {REPLAY} is run by itself; start a job for the rest"
    elif wanted.job not in JOBS:
        return f"only these jobs are run: {', '.join(sorted(JOBS))}"
    elif not _takes_all(wanted, whole):
        return f"the job {wanted.job} runs as a whole, with all of its assets and checks"
    if wanted.has_chosen_steps:
        return "a run takes all steps of its job"
    return None if _is_allowed_config(wanted) else "a run takes no configuration but a file's name"


def _takes_all(wanted: Wanted, whole: Whole) -> bool:
    """Whether nothing is chosen, or everything."""
    is_all = wanted.assets is None or wanted.assets == whole.assets
    return is_all and (wanted.checks is None or wanted.checks == whole.checks)


def _is_allowed_config(wanted: Wanted) -> bool:
    """Whether there is no configuration, or the one file of the job that reads one again."""
    if wanted.job != "replay_file":
        return not wanted.config
    file = wanted.config
    for name in ("ops", FILE_STEP, "config"):
        if not isinstance(file, Mapping) or set(file) != {name}:
            return False
        file = file[name]  # type: ignore[assignment]
    return isinstance(file, Mapping) and set(file) == {"file"} and isinstance(file["file"], str)
