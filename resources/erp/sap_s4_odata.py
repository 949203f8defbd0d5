"""Reads of SAP's OData version 2 services: queries, pages, and the values inside the answers.

Only reading: nothing here could change the ERP. What the rows mean is in `sap_s4_documents.py`.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from billing.exact import SUMMED, decimal_of
from billing.ledger.erp import ErpRejected, ErpUnknown, Reason
from resources.erp.answering import ErpAnswer, ErpCaller
from resources.erp.sap_s4_settings import S4Settings

ROOT = "/sap/opu/odata/sap/"
OK = 200
NO_ACCESS = {401, 403, 404}  # 404: the communication arrangement does not offer the service
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = re.compile(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/")

Row = dict[str, Any]


class S4Reader:
    """Reads entity sets as the communication user."""

    def __init__(self, caller: ErpCaller, settings: S4Settings) -> None:
        self._caller, self._settings = caller, settings

    def rows(
        self, entity_set: str, fields: Sequence[str], key: Sequence[str], where: str
    ) -> list[Row]:
        """Return all rows of `SERVICE/EntitySet` in the order of their key, each once.

        Raises ErpUnknown, ErpBusy, and ErpRejected (ACCESS) when the user may not read.
        """
        wanted = (*key, *(name for name in fields if name not in key))
        found: dict[tuple[str, ...], Row] = {}
        skip = 0
        while True:
            page, has_more = self._page(entity_set, wanted, key, where, skip)
            for row in page:
                found[tuple(text_in(row, name) for name in key)] = row
            skip += len(page)
            if not page or not has_more:
                return list(found.values())

    def _page(
        self, entity_set: str, fields: Sequence[str], key: Sequence[str], where: str, skip: int
    ) -> tuple[list[Row], bool]:
        """Return the rows from `skip` on, and whether there may be more after them."""
        size = self._settings.page_size
        query = {
            "$filter": where, "$select": ",".join(fields), "$orderby": ",".join(key),
            "$top": str(size), "$skip": str(skip), "$format": "json",
        }  # fmt: skip
        # Blanks as %20: a plus sign means itself in an OData filter.
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        url = f"{self._settings.url.rstrip('/')}{ROOT}{entity_set}?{asked}"
        answer = self._caller.call("GET", url, headers=self._headers())
        page, has_next = _results(answer)
        return page, has_next or len(page) >= size

    def _headers(self) -> dict[str, str]:
        return {"Accept": "application/json", **authorization(self._settings)}


def authorization(settings: S4Settings) -> dict[str, str]:
    """Return the headers that name the communication user and the language of its texts."""
    token = b64encode(f"{settings.user}:{settings.password}".encode()).decode()
    return {"Authorization": f"Basic {token}", "Accept-Language": "en"}


def quoted(text: str) -> str:
    """Return a string as a filter writes it."""
    return "'" + text.replace("'", "''") + "'"


def any_of(name: str, values: Sequence[str]) -> str:
    """Return the condition that a field has one of these values."""
    return "(" + " or ".join(f"{name} eq {quoted(value)}" for value in values) + ")"


def moment(day: date) -> str:
    """Return a day as a filter writes it."""
    return f"datetime'{day.isoformat()}T00:00:00'"


def text_in(row: Row, name: str) -> str:
    """Return a string of a row, empty for null. Raises ErpUnknown (UNREADABLE_ANSWER)."""
    value = row.get(name, 0)
    if value is not None and not isinstance(value, str):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return value or ""


def flag_in(row: Row, name: str) -> bool:
    """Return a yes or no of a row, no for null. Raises ErpUnknown (UNREADABLE_ANSWER)."""
    value = row.get(name, 0)
    if value is not None and not isinstance(value, bool):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return bool(value)


def day_in(row: Row, name: str) -> date:
    """Return the day of a `/Date(milliseconds)/`. Raises ErpUnknown (UNREADABLE_ANSWER)."""
    found = DAY.fullmatch(text_in(row, name))
    if found is None:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    try:
        return (EPOCH + timedelta(milliseconds=int(found[1]))).date()
    except OverflowError:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None


def amount_in(row: Row, name: str) -> Decimal:
    """Return an amount, which SAP writes as a string. Raises ErpUnknown (UNREADABLE_ANSWER)."""
    amount = SUMMED.exactly(decimal_of(text_in(row, name)))
    if amount is None:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return amount


def _results(answer: ErpAnswer) -> tuple[list[Row], bool]:
    """Return the rows of an answer and whether SAP has cut it."""
    if answer.status in NO_ACCESS:
        raise ErpRejected(Reason.ACCESS, "the communication user may not read this service")
    if answer.status != OK:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    content = answer.json()
    data = content.get("d") if isinstance(content, dict) else None
    if not isinstance(data, dict):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    rows = data.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return rows, "__next" in data
