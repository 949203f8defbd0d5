"""The head of the audit chain, told to each alert sink once a day: it leaves the machine.

What was told when is kept by Dagster, as the cursor of the alerting sensor: another database than
the one whose chain it is. Files and documents that keep anchors are no matter of this module.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from billing.evidence.anchors import in_words
from resources.alert_sinks import SinkError, read_sinks
from resources.environment import InvalidSettingError, MissingSettingError
from resources.warehouse.alerts import Alert
from resources.warehouse.ledger import AuditHead

KIND = "AUDIT_ANCHOR"
ADVICE = "Nothing now. Keep this message: `tieout prove --anchor` holds the chain against it."


def read(cursor: str | None) -> dict[str, str]:
    """The day on which each sink was told last, from a cursor."""
    try:
        found = json.loads(cursor or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def written(told: Mapping[str, str]) -> str:
    """The cursor that says it."""
    return json.dumps(dict(told), sort_keys=True)


def deliver(head: AuditHead, told: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Tell each sink that was not told today; one that refuses is asked again at the next look."""
    day = now.astimezone(UTC).date().isoformat()
    try:
        sinks = read_sinks() if head.seq else []
    except (InvalidSettingError, MissingSettingError):
        return dict(told)  # the alerts name the wrong setting
    found = dict(told)
    for sink in sinks:
        if found.get(sink.name) != day:
            try:
                sink.deliver(_message(head, day))
            except SinkError:
                continue
            found[sink.name] = day
    return found


def _message(head: AuditHead, day: str) -> Alert:
    """The same for every attempt on one day and head."""
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return Alert(head.seq, KIND, day, "notice", in_words(head.anchor), ADVICE, at)
