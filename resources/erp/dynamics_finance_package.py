"""Long entries as data packages: the General journal entity, imported under an id of our choice.

The id is made of the key, so that an import is never started twice. Nothing here posts.
"""

import csv
import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from billing.ledger.erp import ErpUnknown, JournalEntry, Reason
from resources.erp.answering import ErpCaller
from resources.erp.dynamics_finance_answers import description_of, document_digest
from resources.erp.dynamics_finance_settings import DynamicsFinanceSettings
from resources.erp.odata import ODataClient

ACTIONS = "DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities"
ENTITY = "General journal"
RUNNING = {"Executing", "NotRun"}
DONE, NEVER_HEARD = "Succeeded", "Unknown"
ATTEMPTS = 20
STILL_RUNNING = "the ERP is still importing"
WHEN = (1980, 1, 1, 0, 0, 0)  # the same entry gives the same package
COLUMNS = (
    "JOURNALBATCHNUMBER", "LINENUMBER", "JOURNALNAME", "DESCRIPTION", "ACCOUNTTYPE",
    "ACCOUNTDISPLAYVALUE", "TRANSDATE", "VOUCHER", "CURRENCYCODE", "DEBITAMOUNT", "CREDITAMOUNT",
    "TEXT", "DOCUMENT",
)  # fmt: skip


class DynamicsFinancePackages:
    """Imports of packages in one environment. One at a time: the ERP takes no more."""

    def __init__(
        self,
        settings: DynamicsFinanceSettings,
        odata: ODataClient,
        caller: ErpCaller,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`caller` uploads to storage, which is told by the ERP and never sees our token."""
        self._settings, self._odata = settings, odata
        self._caller, self._wait = caller, wait

    def free(self, key: str) -> str:
        """Return the id under which the key's next import may be started.

        Imports that are over do not count: the caller knows what became of them. Raises ErpUnknown
        (AWAITING_POST) while one runs.
        """
        for attempt in range(1, ATTEMPTS + 1):
            execution = f"tieout-{key}-{attempt}"
            status = self._status(execution)
            if status in RUNNING:
                raise ErpUnknown(Reason.AWAITING_POST, STILL_RUNNING)
            if status == NEVER_HEARD:
                return execution
        raise ErpUnknown(Reason.OTHER, "too many imports of this key are over")

    def bring(self, entry: JournalEntry, execution: str) -> bool:
        """Have the entry imported; False when the import failed and may have left a part.

        Raises ErpUnknown (AWAITING_POST) when it takes longer than we wait.
        """
        self._start(entry, execution)
        status = self._outcome(execution)
        if status in RUNNING or status == NEVER_HEARD:
            raise ErpUnknown(Reason.AWAITING_POST, STILL_RUNNING)
        return status == DONE

    def _start(self, entry: JournalEntry, execution: str) -> None:
        url = self._upload(f"{execution}.zip", package(entry, self._settings))
        self._act(
            "ImportFromPackage",
            {
                "packageUrl": url,
                "definitionGroupId": self._settings.data_project,
                "executionId": execution,
                "execute": True,
                "overwrite": True,
                "legalEntityId": self._settings.company(entry.entity),
            },
        )

    def _upload(self, name: str, content: bytes) -> str:
        try:
            url = str(
                json.loads(self._act("GetAzureWriteUrl", {"uniqueFileName": name}))["BlobUrl"]
            )
        except (ValueError, KeyError, TypeError):
            raise ErpUnknown(Reason.UNREADABLE_ANSWER) from None
        ours = urlsplit(self._settings.url)
        if urlsplit(url).scheme not in {"https", ours.scheme}:
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/zip"}
        if self._caller.call("PUT", url, headers=headers, body=content).status != 201:
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        return url

    def _outcome(self, execution: str) -> str:
        status = NEVER_HEARD
        for _ in range(self._settings.polls):
            status = self._status(execution)
            if status not in RUNNING and status != NEVER_HEARD:
                return status
            self._wait(self._settings.poll_seconds)
        return status

    def _status(self, execution: str) -> str:
        return self._act("GetExecutionSummaryStatus", {"executionId": execution})

    def _act(self, action: str, content: dict[str, Any]) -> str:
        answer = self._odata.call("POST", f"{ACTIONS}.{action}", content=content)
        said = answer.json()
        if answer.status != 200 or not isinstance(said, dict) or "value" not in said:
            raise ErpUnknown(Reason.UNREADABLE_ANSWER)
        return str(said["value"])


def package(entry: JournalEntry, settings: DynamicsFinanceSettings) -> bytes:
    """Return an entry as a data package. Raises ErpRejected (MAPPING)."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("Manifest.xml", _manifest(settings)),
            ("PackageHeader.xml", _package_header(settings)),
            (f"{ENTITY}.csv", _rows(entry, settings)),
        ):
            archive.writestr(zipfile.ZipInfo(name, WHEN), text.encode())
    return made.getvalue()


def _rows(entry: JournalEntry, settings: DynamicsFinanceSettings) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    description = description_of(entry)
    for line in entry.lines:
        writer.writerow(
            (
                "TIEOUT-1", line.line_no, settings.journal_name, description, "Ledger",
                settings.account_of(entry.entity, line), entry.accounting_date.isoformat(),
                "TIEOUT-1", settings.currency, f"{line.debit:.2f}", f"{line.credit:.2f}",
                line.description, document_digest(entry.key),
            )
        )  # fmt: skip
    return text.getvalue()


def _manifest(settings: DynamicsFinanceSettings) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<DataManagementPackageManifest xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        f"<DefinitionGroupName>{escape(settings.data_project)}</DefinitionGroupName>"
        "<PackageEntityList><DataManagementPackageEntityData>"
        f"<DefaultRefreshType>FullPush</DefaultRefreshType><EntityName>{ENTITY}</EntityName>"
        f"<InputFilePath>{ENTITY}.csv</InputFilePath>"
        "</DataManagementPackageEntityData></PackageEntityList></DataManagementPackageManifest>"
    )


def _package_header(settings: DynamicsFinanceSettings) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<DataManagementPackageHeader xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        f"<Description>{escape(settings.data_project)}</Description>"
        "<ManifestType>DefinitionGroup</ManifestType><PackageType>DefinitionGroup</PackageType>"
        "<PackageVersion>1</PackageVersion></DataManagementPackageHeader>"
    )
