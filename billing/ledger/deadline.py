"""Until when an entry may be sent: asked once more right before each byte that writes.

A process that was paused (a frozen machine, a stopped process) wakes up and believes that no time
has passed; by then somebody else may have taken the entry up.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from billing.ledger.erp import ErpUnknown, Reason

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def sending_until(deadline: float) -> Iterator[None]:
    """Let writes of this context go out until `deadline`, a time of `time.monotonic()`."""
    token = _until.set(deadline)
    try:
        yield
    finally:
        _until.reset(token)


def check_deadline() -> None:
    """Refuse a write whose time is over. Raises ErpUnknown: an earlier write may have gone out."""
    until = _until.get()
    if until is not None and time.monotonic() >= until:
        raise ErpUnknown(Reason.LEASE_OVER)
