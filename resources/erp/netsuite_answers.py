"""What NetSuite's answers mean: refusals in our words, documents and lines from rows of SuiteQL.

Pure reading; the calls are in `netsuite_http.py`. No text of NetSuite leaves this module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.exact import SUMMED, decimal_of
from billing.ledger.erp import (
    CREATED,
    DRAFT,
    POSTED,
    ErpDocument,
    ErpLine,
    ErpPeriod,
    ErpUnknown,
    JournalLine,
    Reason,
)
from resources.erp.answering import ErpAnswer
from resources.erp.netsuite_settings import NetsuiteSettings

Row = Mapping[str, Any]
IDEMPOTENCY_ERROR = "IDEMPOTENCY_ERROR"
# USER_ERROR says everything and nothing, so its English text decides. In this order; the first
# line that is found counts. Where each text is from stands in docs/erp/netsuite.md.
TEXTS: tuple[tuple[str, Reason], ...] = (
    ("already exists", Reason.DUPLICATE),
    ("must balance", Reason.UNBALANCED),
    ("accounting period", Reason.PERIOD_CLOSED),
    ("posting period", Reason.PERIOD_CLOSED),
    ("period is closed", Reason.PERIOD_CLOSED),
    ("period is locked", Reason.PERIOD_CLOSED),
    ("field: postingperiod", Reason.PERIOD_CLOSED),
    ("permission", Reason.ACCESS),
    ("maximum number of lines", Reason.TOO_LARGE),
    ("size limit", Reason.TOO_LARGE),
    ("field: location", Reason.MAPPING),
    ("field: class", Reason.MAPPING),
    ("field: department", Reason.MAPPING),
    ("field: subsidiary", Reason.MAPPING),
    ("field: account", Reason.ACCOUNT_UNKNOWN),
    ("account cannot be used with", Reason.ACCOUNT_UNKNOWN),
)


@dataclass(frozen=True)
class Refusal:
    """NetSuite's no, as its error body says it."""

    status: int
    code: str
    detail: str

    @property
    def reason(self) -> Reason:
        """Our word for it."""
        if self.status in {401, 403}:
            return Reason.ACCESS
        if self.status == 413:
            return Reason.TOO_LARGE
        text = self.detail.lower()
        return next((reason for part, reason in TEXTS if part in text), Reason.OTHER)


def refusal_of(answer: ErpAnswer) -> Refusal:
    """Read an error body. Raises ErpUnknown where it is none: a proxy's page says nothing.

    The status in the body counts: the result of a job is fetched by a request of its own.
    """
    found = answer.json()
    details = found.get("o:errorDetails") if isinstance(found, dict) else None
    if not isinstance(details, list):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    status = found.get("status", answer.status)
    if not isinstance(status, int) or not 400 <= status < 500 or status == 408:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    parts = [one for one in details if isinstance(one, dict)]
    code = str(parts[0].get("o:errorCode", "")) if parts else ""
    return Refusal(status, code, " ".join(str(one.get("detail", "")) for one in parts))


def document_of(settings: NetsuiteSettings, entity: str, rows: Sequence[Row]) -> ErpDocument | None:
    """Return the document whose lines these are. Raises ErpUnknown (DUPLICATE, unreadable).

    A journal that NetSuite posted in another period than that of its date is shown with the first
    day of that period: the difference is then seen.
    """
    if not rows:
        return None
    first = rows[0]
    if len({text(row, "id") for row in rows}) != 1:
        raise ErpUnknown(Reason.DUPLICATE, "several documents of the ERP carry the same key")
    lines = (_line(settings, entity, number, row) for number, row in enumerate(rows, start=1))
    return ErpDocument(
        reference=text(first, "id"),
        number=text(first, "tranid"),
        key=text(first, "externalid"),
        state=_state(settings, first),
        accounting_date=_accounting_date(first),
        lines=tuple(lines),
        description=text(first, "documentmemo"),
    )


def line_of(settings: NetsuiteSettings, entity: str, row: Row) -> ErpLine:
    """Return a posted line; `key` is empty where its document has no external id."""
    return ErpLine(
        entity=entity,
        reference=text(row, "id"),
        key=text(row, "externalid"),
        accounting_date=day(row, "trandate"),
        account=settings.segments.own_account(entity, text(row, "acctnumber")),
        debit=money(row, "debit"),
        credit=money(row, "credit"),
    )


def period_of(entity: str, row: Row) -> ErpPeriod:
    """Return a base period. It is open when it is neither closed nor locked for everybody."""
    return ErpPeriod(
        entity=entity,
        start=day(row, "startdate"),
        end=day(row, "enddate"),
        reference=text(row, "id"),
        is_open=not truth(row, "closed") and not truth(row, "alllocked"),
    )


def text(row: Row, name: str) -> str:
    """Return a column as text; NetSuite leaves columns out that are null."""
    return str(row.get(name, ""))


def truth(row: Row, name: str) -> bool:
    """Return a column that is T or F. Raises ErpUnknown."""
    found = row.get(name)
    if not isinstance(found, str) or found not in {"T", "F"}:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return found == "T"


def money(row: Row, name: str) -> Decimal:
    """Return an amount, zero where there is none. Raises ErpUnknown."""
    amount = SUMMED.exactly(decimal_of(text(row, name) or "0"))
    if amount is None:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return amount


def day(row: Row, name: str) -> date:
    """Return a date that was asked for as YYYY-MM-DD. Raises ErpUnknown."""
    try:
        return date.fromisoformat(text(row, name))
    except ValueError:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None


def _state(settings: NetsuiteSettings, row: Row) -> str:
    """What is not posted waits for a person where one approves; else it was left behind."""
    if truth(row, "posting"):
        return POSTED
    return DRAFT if settings.approves else CREATED


def _accounting_date(row: Row) -> date:
    entered = day(row, "trandate")
    if not text(row, "periodstart"):  # a draft that has no period yet
        return entered
    start, end = day(row, "periodstart"), day(row, "periodend")
    return entered if start <= entered <= end else start


def _line(settings: NetsuiteSettings, entity: str, number: int, row: Row) -> JournalLine:
    names = settings.segments
    own = {
        ours: names.own_value(entity, ours, text(row, ours)) if text(row, ours) else ""
        for ours in settings.dimensions
    }
    return JournalLine(
        line_no=number,
        account=names.own_account(entity, text(row, "acctnumber")),
        debit=money(row, "debit"),
        credit=money(row, "credit"),
        description=text(row, "memo"),
        facility=own.get("facility", ""),
        payer_class=own.get("payer_class", ""),
    )
