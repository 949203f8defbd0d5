"""What SAP's answer to a journal entry means: posted, refused and why, or not to be understood.

SAP answers HTTP 200 in all three cases. Texts of the log are looked at and never passed on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from lxml import etree

from billing.ledger.erp import ErpUnknown, Reason
from resources.erp.sap_s4_message import SOAP
from resources.erp.sap_s4_schema import confirmation_schema, parse

ERROR = 3  # severities of a log: 1 information, 2 warning, 3 error, 4 abort
REPLAY_AGE = timedelta(minutes=2)
INNER = "JournalEntryCreateConfirmation"

# By message class and number first: texts come in the user's language. More specific ones before.
NUMBERS = {
    "201(F5)": Reason.PERIOD_CLOSED,
    "507(F5)": Reason.ACCOUNT_UNKNOWN,
    "004(FH)": Reason.ACCOUNT_UNKNOWN,
    "727(F5)": Reason.TOO_LARGE,
    "016(FINS_FI_POSTING_IF)": Reason.UNBALANCED,
    "017(FINS_FI_POSTING_IF)": Reason.UNBALANCED,
}
TEXTS = (
    (r"\bperiod\b.*\bnot open\b", Reason.PERIOD_CLOSED),
    (r"\bprofit cent(er|re)\b|\bsegment\b|\bfunctional area\b", Reason.MAPPING),
    (r"\baccount\b.*\bnot (defined|created|exist)|\bnot exist in chart\b", Reason.ACCOUNT_UNKNOWN),
    (r"\baccount\b.*\b(blocked|marked for deletion|directly posted)\b", Reason.ACCOUNT_UNKNOWN),
    (r"\bbalance\b.*\bzero\b|\bbalance in transaction currency\b", Reason.UNBALANCED),
    (r"\balready (been )?(posted|entered)\b", Reason.DUPLICATE),
    (r"\bauthori[sz]", Reason.ACCESS),
    (r"\bmaximum number of items\b", Reason.TOO_LARGE),
)


@dataclass(frozen=True)
class Problem:
    """One item of a log."""

    type_id: str
    severity: int
    note: str = field(repr=False)


@dataclass(frozen=True)
class Confirmation:
    """The answer about one journal entry; `document` is empty where none was posted."""

    document: str
    problems: tuple[Problem, ...]
    made_at: datetime

    @property
    def reason(self) -> Reason:
        """Why nothing was posted, by the first item that says something we know."""
        errors = [one for one in self.problems if one.severity >= ERROR]
        known = (reason_of(one) for one in errors)
        return next((one for one in known if one is not Reason.OTHER), Reason.OTHER)

    def is_replayed(self, headers: Mapping[str, str]) -> bool:
        """Say whether SAP repeats an earlier answer: it is older than the HTTP answer around it.

        Both times are SAP's own; without a Date header nobody knows, and it counts as new.
        """
        try:
            answered = parsedate_to_datetime(headers.get("Date", ""))
        except ValueError:
            return False
        return answered.tzinfo is not None and answered - self.made_at > REPLAY_AGE


def reason_of(problem: Problem) -> Reason:
    """Return our word for one item of a log."""
    if problem.type_id in NUMBERS:
        return NUMBERS[problem.type_id]
    note = problem.note.lower()
    return next((reason for rule, reason in TEXTS if re.search(rule, note)), Reason.OTHER)


def read_confirmation(body: bytes, reference: str) -> Confirmation:
    """Return what SAP says of the message with this id.

    Raises ErpUnknown: for a fault, for what is no confirmation, for one of another message, and
    for one that gives a number and an error, or neither.
    """
    root = _confirmation_in(body)
    inner = root.findall(INNER)
    if len(inner) > 1:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    source = inner[0] if inner else root
    named = source.findtext("MessageHeader/ReferenceID")
    if inner and named != reference:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    number = (source.findtext(f"{INNER}/AccountingDocument") or "").strip() if inner else ""
    found = Confirmation(
        document=number if number.strip("0") else "",
        problems=(*_problems(source.find("Log")), *(_problems(root.find("Log")) if inner else ())),
        made_at=_time(source.findtext("MessageHeader/CreationDateTime") or ""),
    )
    is_refused = any(one.severity >= ERROR for one in found.problems)
    if is_refused == bool(found.document):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return found


def _confirmation_in(body: bytes) -> etree._Element:
    try:
        envelope = parse(body)
    except ValueError:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None
    content = envelope.find(f"{{{SOAP}}}Body")
    children = [] if content is None else list(content)
    if len(children) == 1 and children[0].tag == f"{{{SOAP}}}Fault":
        raise ErpUnknown(Reason.SERVER_ERROR)
    if len(children) != 1 or not confirmation_schema().validate(children[0]):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return children[0]


def _problems(log: etree._Element | None) -> list[Problem]:
    """Return the items of a log; its worst severity counts even where no item has it."""
    if log is None:
        return []
    found = [
        Problem(
            type_id=item.findtext("TypeID", "").strip(),
            severity=int(item.findtext("SeverityCode") or 0),
            note=item.findtext("Note", ""),
        )
        for item in log.findall("Item")
    ]
    worst = int(log.findtext("MaximumLogItemSeverityCode") or 0)
    if worst > max((one.severity for one in found), default=0):
        found.append(Problem("", worst, ""))
    return found


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:  # hour 24, which a schema takes
        raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None
