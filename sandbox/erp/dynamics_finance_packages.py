"""The data management framework of a Dynamics 365 Finance: packages, imports and their states.

An import runs a while: it is done once its state has been asked for often enough.
"""

from __future__ import annotations

import csv
import io
import json
import secrets
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as Xml

from sandbox.erp.dynamics_finance_journals import FinanceError, Journals

ENTITY = "General journal"
COLUMNS = {
    "JOURNALBATCHNUMBER", "LINENUMBER", "JOURNALNAME", "DESCRIPTION", "ACCOUNTTYPE",
    "ACCOUNTDISPLAYVALUE", "TRANSDATE", "VOUCHER", "CURRENCYCODE", "DEBITAMOUNT", "CREDITAMOUNT",
    "TEXT", "DOCUMENT",
}  # fmt: skip


@dataclass
class Execution:
    """One import: what it will have become when it is done."""

    outcome: str
    asked: int = 0


@dataclass
class Packages:
    """Storage and imports of one environment."""

    journals: dict[str, Journals]  # by dataAreaId
    project: str = "Tieout general journal"
    answers_until_done: int = 1
    blobs: dict[str, bytes | None] = field(default_factory=dict)  # path with signature -> content
    executions: dict[str, Execution] = field(default_factory=dict)

    def write_url(self, base: str, name: str) -> str:
        """Return where a package may be written to, with a signature for it alone."""
        path = f"/dmf/{name}?sig={secrets.token_urlsafe(8)}"
        self.blobs[path] = None
        blob = {"BlobId": f"{{{secrets.token_hex(16)}}}", "BlobUrl": f"{base}{path}"}
        return json.dumps(blob)

    def upload(self, path: str, kind: str, content: bytes) -> int:
        """Keep a package; return the status of the answer."""
        if path not in self.blobs:
            return 403
        if kind != "BlockBlob":
            return 400
        self.blobs[path] = content
        return 201

    def status(self, execution_id: str) -> str:
        """Return how an import stands."""
        execution = self.executions.get(execution_id)
        if execution is None:
            return "Unknown"
        execution.asked += 1
        return execution.outcome if execution.asked > self.answers_until_done else "Executing"

    def start(self, content: dict[str, Any], *, is_partial: bool) -> str:
        """Import a package. `is_partial`: only the first half of its lines is good."""
        wanted = {"packageUrl", "definitionGroupId", "executionId", "execute", "overwrite",
                  "legalEntityId"}  # fmt: skip
        if set(content) != wanted or content["execute"] is not True:
            raise FinanceError(400, "The parameters of the action are not valid.")
        if content["definitionGroupId"] != self.project:
            raise FinanceError(400, "The data project does not exist.")
        execution_id = content["executionId"] or secrets.token_hex(8)
        if execution_id in self.executions:
            raise FinanceError(400, "The execution exists already.")
        path = "/dmf/" + content["packageUrl"].partition("/dmf/")[2]
        package = self.blobs.get(path)
        journals = self.journals.get(content["legalEntityId"])
        if package is None or journals is None:
            raise FinanceError(400, "The package or the legal entity does not exist.")
        self.executions[execution_id] = Execution(self._run(journals, package, is_partial))
        return str(execution_id)

    def _run(self, journals: Journals, package: bytes, is_partial: bool) -> str:
        try:
            rows = _rows(package)
        except (ValueError, KeyError, zipfile.BadZipFile, Xml.ParseError):
            return "Failed"
        if is_partial:
            rows = rows[: len(rows) // 2]
        made, failed = "", is_partial
        try:
            made = journals.create(
                {"JournalName": rows[0]["JOURNALNAME"], "Description": rows[0]["DESCRIPTION"]}
            ).number
            for row in rows:
                journals.add(_line(row, made))
        except FinanceError:
            failed = True
        if failed and not is_partial and made:
            journals.delete(made)
            return "Failed"
        return "PartiallySucceeded" if failed else "Succeeded"


def _rows(package: bytes) -> list[dict[str, str]]:
    """Return the lines of a package, in the order of their numbers. Raises if it is not whole."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        manifest = Xml.fromstring(archive.read("Manifest.xml"))  # noqa: S314 - of our own tests
        Xml.fromstring(archive.read("PackageHeader.xml"))  # noqa: S314 - of our own tests
        text = archive.read(f"{ENTITY}.csv").decode()
    if ENTITY not in [one.text for one in manifest.iter("EntityName")]:
        raise ValueError("the manifest does not name the entity")
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or set(rows[0]) - COLUMNS or any(not row["LINENUMBER"] for row in rows):
        raise ValueError("the columns are not those of the entity")
    same = ("JOURNALBATCHNUMBER", "JOURNALNAME", "DESCRIPTION", "VOUCHER", "TRANSDATE")
    if any(len({row[name] for row in rows}) != 1 for name in same):
        raise ValueError("more than one journal or voucher")
    return sorted(rows, key=lambda row: int(row["LINENUMBER"]))


def _line(row: dict[str, str], number: str) -> dict[str, Any]:
    return {
        "JournalBatchNumber": number,
        "AccountType": row["ACCOUNTTYPE"],
        "AccountDisplayValue": row["ACCOUNTDISPLAYVALUE"],
        "TransDate": row["TRANSDATE"],
        "CurrencyCode": row["CURRENCYCODE"],
        "Text": row["TEXT"],
        "Document": row["DOCUMENT"],
        "DebitAmount": Decimal(row["DEBITAMOUNT"]),
        "CreditAmount": Decimal(row["CREDITAMOUNT"]),
    }
