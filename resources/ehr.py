"""The EHR: a FHIR Bulk Data export (STU1-3) with SMART Backend Services.

Kick-off, poll, files, delete. What the resources mean is read in `billing.ehr`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin

from resources.http import Answer, HttpClient, HttpError, retry_after_seconds
from resources.receipt import Marks, NoMarks, Receipt, SourceError
from resources.settings import FhirSettings
from resources.smart import SmartLogin

SOURCE = "ehr"
RESOURCE_TYPES = ("Patient", "Encounter", "Coverage", "ChargeItem")
TRANSACTION_TIME = "transaction_time"
LONGEST_EXPORT_SECONDS = 6 * 3600.0
POLL_SECONDS = 5.0
MOST_MANIFESTS = 4  # an expired link is looked up again this often, less one
_EXPIRED = (403, 404, 410)
_log = logging.getLogger(__name__)


class ExportError(SourceError):
    """The export did not give what it promised; the text names the rule."""

    code = "SOURCE_ANSWER"


@dataclass(frozen=True)
class ExportFile:
    """One link of a manifest: its part (output, error, deleted), type and place within them."""

    part: str
    resource_type: str
    ordinal: int
    url: str

    @property
    def name(self) -> str:
        """Return the name that the file is received under."""
        return f"{self.resource_type}-{self.ordinal}.ndjson"


@dataclass(frozen=True)
class Manifest:
    """What a finished export lists. `requires_token` is False for links that carry their own."""

    transaction_time: str
    requires_token: bool
    files: tuple[ExportFile, ...]


@dataclass
class Export:
    """One export of one server, from `since` (a transaction time) or from the beginning."""

    settings: FhirSettings
    client: HttpClient
    login: SmartLogin
    since: str | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    transaction_time: str | None = field(default=None, init=False)

    def receipts(self) -> Iterator[Receipt]:
        """Yield every file, those that report problems or deletions too; then delete the job."""
        status_url = self._kick_off()
        try:
            manifest = self._wait(status_url)
            for file in manifest.files:
                manifest, content = self._download(file, manifest, status_url)
                yield self._receipt(file, manifest, content)
        finally:
            self._delete(status_url)
        self.transaction_time = manifest.transaction_time

    def _kick_off(self) -> str:
        url = f"{self.settings.url}/$export"
        params = {"_outputFormat": "application/fhir+ndjson", "_type": ",".join(RESOURCE_TYPES)}
        if self.since:
            params["_since"] = self.since
        headers = {"Accept": "application/fhir+json", "Prefer": "respond-async"}
        # A kick-off that may have begun is not repeated: it would be a second export.
        answer = self.client.call(
            "GET",
            url,
            headers=headers | self.login.headers(),
            params=params,
            accept=(202,),
            repeat="refused",
        )
        place = answer.headers.get("Content-Location")
        if not place:
            raise ExportError("the server accepted the export and named no Content-Location")
        return urljoin(url, place)

    def _wait(self, status_url: str) -> Manifest:
        """Poll as the server asks until the manifest is there."""
        begun = time.monotonic()
        while time.monotonic() - begun < LONGEST_EXPORT_SECONDS:
            answer = self._get(status_url, "application/json", (200, 202))
            if answer.status == 200:
                return self._manifest(status_url, answer)
            wished = retry_after_seconds(answer.headers, self.now())
            self.sleep(POLL_SECONDS if wished is None else wished)
        raise ExportError("the export is not ready within the time allowed")

    def _manifest(self, status_url: str, answer: Answer) -> Manifest:
        """Read a manifest with its further pages."""
        page = _object(answer.body)
        first = page
        files: list[ExportFile] = []
        for _ in range(1000):
            files += _files(page, status_url, files)
            following = _next_page(page)
            if following is None:
                break
            page = _object(
                self._get(urljoin(status_url, following), "application/json", (200,)).body
            )
        time_text = first.get("transactionTime")
        if not isinstance(time_text, str) or not time_text:
            raise ExportError("the manifest has no transactionTime")
        return Manifest(time_text, first.get("requiresAccessToken") is not False, tuple(files))

    def _download(
        self, file: ExportFile, manifest: Manifest, status_url: str
    ) -> tuple[Manifest, bytes]:
        """Fetch a file by its link in the manifest; for an expired link ask for a new manifest."""
        for attempt in range(1, MOST_MANIFESTS + 1):
            try:
                accept, needs_token = "application/fhir+ndjson", manifest.requires_token
                url = _same(file, manifest).url
                return manifest, self._get(url, accept, (200,), needs_token).body
            except HttpError as error:
                if error.status not in _EXPIRED or attempt == MOST_MANIFESTS:
                    raise
            manifest = self._wait(status_url)
        raise AssertionError("the last attempt returns or raises")

    def _get(
        self, url: str, accept_type: str, accept: tuple[int, ...], needs_token: bool = True
    ) -> Answer:
        """GET with a living token; a token that the server no longer takes is renewed once."""
        try:
            return self._get_once(url, accept_type, accept, needs_token)
        except HttpError as error:
            if error.status != 401 or not needs_token:
                raise
        self.login.forget()
        return self._get_once(url, accept_type, accept, needs_token)

    def _get_once(
        self, url: str, accept_type: str, accept: tuple[int, ...], needs_token: bool
    ) -> Answer:
        headers = {"Accept": accept_type} | (self.login.headers() if needs_token else {})
        return self.client.get(url, headers=headers, accept=accept)

    def _receipt(self, file: ExportFile, manifest: Manifest, content: bytes) -> Receipt:
        at = _instant(manifest.transaction_time)
        return Receipt(SOURCE, f"$export/{file.part}", file.name, content, at)

    def _delete(self, status_url: str) -> None:
        """Say that the export is no longer needed. The server's refusal changes nothing for us."""
        try:
            self.client.call(
                "DELETE",
                status_url,
                headers=self.login.headers(),
                accept=(200, 202, 204, 404),
                repeat="never",
            )
        except HttpError as error:
            _log.warning("the export was not deleted: %s", error)


def receipts(settings: FhirSettings, marks: Marks | None = None) -> Iterator[Receipt]:
    """Yield the files of one export since the last one; nothing where no server is configured.

    The transaction time becomes the next `_since` only when everything before has been consumed
    and no file reported a problem.
    """
    if not settings.is_configured:
        return
    known = NoMarks() if marks is None else marks
    with HttpClient(settings.url) as client:
        login = SmartLogin(settings, client)
        export = Export(settings, client, login, since=known.get(TRANSACTION_TIME))
        has_problem = False
        for receipt in export.receipts():
            has_problem |= receipt.location.endswith(("/error", "/outcome"))
            yield receipt
        if export.transaction_time and not has_problem:
            known.put(TRANSACTION_TIME, export.transaction_time)


def check(settings: FhirSettings) -> None:
    """Log in, and start nothing. Raises HttpError, InvalidSettingError."""
    with HttpClient(settings.url, attempts=1) as client:
        SmartLogin(settings, client).headers()


def _files(
    page: Mapping[str, object], status_url: str, before: list[ExportFile]
) -> Iterator[ExportFile]:
    """Yield a page's links: output, deleted, and error, which STU4 calls outcome."""
    counts: dict[tuple[str, str], int] = {}
    for file in before:
        counts[file.part, file.resource_type] = file.ordinal
    for part in ("output", "deleted", "error", "outcome"):
        entries = page.get(part)
        for entry in entries if isinstance(entries, list) else []:
            url = entry.get("url") if isinstance(entry, dict) else None
            if not isinstance(url, str):
                raise ExportError("an entry of the manifest has no url")
            kind = str(entry.get("type") or "Resource")
            key = (part, kind if kind.isascii() and kind.isalpha() else "Resource")
            counts[key] = counts.get(key, 0) + 1
            yield ExportFile(*key, counts[key], urljoin(status_url, url))


def _same(file: ExportFile, manifest: Manifest) -> ExportFile:
    for other in manifest.files:
        if (other.part, other.resource_type, other.ordinal) == (
            file.part,
            file.resource_type,
            file.ordinal,
        ):
            return other
    raise ExportError("a file of the export is no longer in its manifest")


def _next_page(page: Mapping[str, object]) -> str | None:
    links = page.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next":
            return str(link.get("url"))
    return None


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        raise ExportError("the manifest is no JSON") from None
    if not isinstance(found, dict):
        raise ExportError("the manifest is no JSON object")
    return found


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
