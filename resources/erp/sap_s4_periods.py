"""The posting periods of SAP as its accountants wrote them into a file: no service reads them.

One line for each month and entity: `entity,first_day,last_day,is_open` with yes or no.
"""

import csv
from datetime import date
from pathlib import Path

from billing.ledger.erp import ErpPeriod
from resources.environment import InvalidSettingError

VARIABLE = "TIEOUT_ERP_S4_PERIODS"
COLUMNS = ["entity", "first_day", "last_day", "is_open"]
SAID = {"yes": True, "no": False}


def read_periods(path: Path, entity: str) -> list[ErpPeriod]:
    """Return an entity's periods, oldest first. Raises InvalidSettingError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            found = [_period(row) for row in reader]
    except (OSError, ValueError, csv.Error, KeyError):
        rule = f"a readable CSV file with the columns {', '.join(COLUMNS)}"
        raise InvalidSettingError(VARIABLE, rule) from None
    own = [period for period in found if period.entity == entity]
    return sorted(own, key=lambda period: period.start)


def _period(row: dict[str, str]) -> ErpPeriod:
    """Raises ValueError or KeyError for what is no period."""
    start, end = date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"])
    if start > end or not row["entity"]:
        raise ValueError("a period begins before it ends, and is of an entity")
    return ErpPeriod(row["entity"], start, end, f"{start:%Y-%m}", SAID[row["is_open"]])
