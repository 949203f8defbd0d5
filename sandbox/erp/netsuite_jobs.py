"""NetSuite's asynchronous requests: jobs with one task each, and the idempotency keys they came by.

What a job does is handed in as a function; this module knows nothing of records.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.erp.netsuite_errors import NetsuiteError, already_submitted

PATH = "/services/rest/async/v1/job"


@dataclass
class Job:
    """One asynchronous request; `polls` counts how often it still says that it is pending."""

    number: int
    run: Callable[[], str]  # returns the Location of what was made, or raises NetsuiteError
    polls: int
    is_run: bool = False
    location: str = ""
    error: NetsuiteError | None = None


@dataclass
class Jobs:
    """The queue. `is_held` keeps new jobs waiting until `release`."""

    pending_polls: int = 1
    is_held: bool = False
    jobs: list[Job] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)

    def submit(self, run: Callable[[], str], key: str | None) -> str:
        """Take a request and return the path of its job. Raises NetsuiteError for a known key."""
        if key is not None:
            self._check_key(key)
        job = Job(1001 + len(self.jobs), run, self.pending_polls)
        self.jobs.append(job)
        if key is not None:
            self.keys[key] = job.number
        if not self.is_held:
            _work_off(job)
        return f"{PATH}/{job.number}"

    def release(self) -> None:
        """Work off what waits."""
        self.is_held = False
        for job in self.jobs:
            if not job.is_run:
                _work_off(job)

    def forget_keys(self) -> None:
        """End the time for which keys are kept, whose length Oracle does not tell."""
        self.keys.clear()

    def status(self, number: str, root: str) -> dict[str, Any]:
        """Answer for a job. Raises NetsuiteError."""
        job = self._job(number)
        is_over = job.is_run and job.polls <= 0
        job.polls -= 1
        own = f"{root}{PATH}/{job.number}"
        progress = "failed" if job.error else "succeeded"
        return {
            "links": [{"rel": "self", "href": own}],
            "completed": is_over,
            "id": number,
            "progress": progress if is_over else "pending",
            "task": {"links": [{"rel": "self", "href": f"{own}/task"}]},
        }

    def tasks(self, number: str, root: str) -> dict[str, Any]:
        """Answer with the tasks of a job: there is one. Raises NetsuiteError."""
        own = f"{root}{PATH}/{self._job(number).number}/task"
        item = {"links": [{"rel": "self", "href": f"{own}/1"}], "id": "1"}
        return {"links": [{"rel": "self", "href": own}], "items": [item], "totalResults": 1}

    def task(self, number: str, root: str) -> dict[str, Any]:
        """Answer for the one task of a job. Raises NetsuiteError."""
        own = f"{root}{PATH}/{number}/task/1"
        job = self._job(number)
        progress = "failed" if job.error else "succeeded"
        links = [{"rel": "related", "href": f"{own}/result"}, {"rel": "self", "href": own}]
        return {
            "links": links,
            "completed": job.is_run,
            "id": "1",
            "progress": progress if job.is_run else "pending",
        }

    def result(self, number: str) -> str:
        """Return the Location of what a job made; raise the NetsuiteError that it ended with."""
        job = self._job(number)
        if job.error is not None:
            raise job.error
        if not job.is_run:
            raise NetsuiteError(404, "NONEXISTENT_ID", "The task has no result yet.")
        return job.location

    def _job(self, number: str) -> Job:
        for job in self.jobs:
            if str(job.number) == number:
                return job
        raise NetsuiteError(404, "NONEXISTENT_ID", "The job does not exist.", urlPath=number)

    def _check_key(self, key: str) -> None:
        try:
            uuid.UUID(key)
        except ValueError:
            name = "X-NetSuite-Idempotency-Key"
            text = f"The request header {name} must be a UUID."
            raise NetsuiteError(400, "INVALID_HEADER", text, errorHeader=name) from None
        if key in self.keys:
            raise already_submitted(f"{PATH}/{self.keys[key]}")


def _work_off(job: Job) -> None:
    try:
        job.location = job.run()
    except NetsuiteError as error:
        job.error = error
    job.is_run = True
