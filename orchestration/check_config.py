"""`tieout check-config`: each connector asked as the pipeline would ask it, and what is wrong.

Works before the first run and changes nothing anywhere; no secret is read out.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from billing.governance.approvals import read_approvals
from billing.governance.group import read_group
from billing.ledger.erp import ErpBusy, ErpRejected, ErpUnknown
from orchestration.databases import DatabaseUnfitError, Foreign
from orchestration.own_sources import names_own_erp, names_own_sources
from orchestration.tables import table
from resources import bank, clearinghouse, ehr, payments
from resources.environment import InvalidSettingError, MissingSettingError
from resources.erp_choice import GOVERNANCE, erp_ledger
from resources.receipt import Sighting, SourceError
from resources.settings import read_cards, read_erp, read_fhir, read_sftp
from resources.sftp import Pickup, connected
from resources.sftp_settings import SftpSettings

OK, SANDBOX, UNUSED = "ok", "sandbox", "not configured"
FINE = (OK, SANDBOX, UNUSED)
CONNECT_SECONDS = 8.0
Finding = dict[str, Any]


def gather(environ: Mapping[str, str]) -> list[Finding]:
    """One line per connector: state, address, what it says. All are asked at the same time."""
    asked: list[tuple[str, Callable[[], Finding]]] = [
        ("database", lambda: _database(environ)),
        ("clearinghouse", lambda: _sftp(environ, "clearinghouse")),
        ("bank", lambda: _sftp(environ, "bank")),
        ("ehr", lambda: _fhir(environ)),
        ("payments", lambda: _cards(environ)),
        ("erp", lambda: _erp(environ)),
    ]
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        found = [(name, pool.submit(_guarded, ask)) for name, ask in asked]
        return [{"connector": name, **one.result()} for name, one in found]


def is_fine(found: Iterable[Finding]) -> bool:
    """Say whether nothing is wrong; what is not configured is not wrong."""
    return all(one["state"] in FINE for one in found)


def render(found: Iterable[Finding]) -> list[str]:
    """The same content as text."""
    lines = [(one["connector"], one["state"], one["address"], one["detail"]) for one in found]
    return table(["connector", "state", "address", "detail"], lines, indent=0)


def _guarded(ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except MissingSettingError as missing:
        return _finding("missing", detail=f"{missing.variable} is not set")
    except InvalidSettingError as invalid:
        return _finding("invalid", detail=str(invalid))
    except SourceError as failure:
        return _finding("unreachable", code=failure.code, detail=str(failure))


def _finding(state: str, address: str = "", detail: str = "", code: str = "") -> Finding:
    return {"state": state, "code": code, "address": address, "detail": detail}


def _unused(environ: Mapping[str, str]) -> Finding:
    """Without any source of a user's own the sandbox stands in for all of them."""
    if names_own_sources(environ):
        return _finding(UNUSED)
    return _finding(SANDBOX, detail="started by each run")


def _database(environ: Mapping[str, str]) -> Finding:
    if not environ.get("TIEOUT_DATABASE_URL"):
        return _finding(OK, "embedded", "made by the first run, in the state folder")
    try:
        server = Foreign(environ["TIEOUT_DATABASE_URL"])
        server.start()
    except DatabaseUnfitError as unfit:
        return _finding("unreachable", code="DATABASE_UNFIT", detail=str(unfit))
    place = server.address()
    mode = place.parameters.get("sslmode", "")
    return _finding(OK, f"{place.host}:{place.port}", f"sslmode {mode}" if mode else "")


def _sftp(environ: Mapping[str, str], source: str) -> Finding:
    settings = read_sftp(environ, source)
    if not settings.is_configured:
        return _unused(environ)
    told: list[Sighting] = []
    connector = bank if source == bank.SOURCE else clearinghouse
    pickup = connector.pickup(settings, on_sighting=told.append)
    count = _look(settings, pickup)
    wrong = [one for one in told if one.reason_code.startswith("FOLDER_")]
    if wrong:
        words = {"FOLDER_MISSING": "is missing", "FOLDER_NOT_READABLE": "cannot be read"}
        said = ", ".join(f"{one.key.location} {words[one.reason_code]}" for one in wrong)
        return _finding("unreachable", settings.address, said, wrong[0].reason_code)
    return _finding(OK, settings.address, f"{count:,} files in {', '.join(pickup.folders)}")


def _look(settings: SftpSettings, pickup: Pickup) -> int:
    with connected(settings, attempts=1, connect_seconds=CONNECT_SECONDS) as client:
        return len(pickup.look(client))


def _fhir(environ: Mapping[str, str]) -> Finding:
    settings = read_fhir(environ)
    if not settings.is_configured:
        return _unused(environ)
    ehr.check(settings)
    return _finding(OK, settings.url, "logs in")


def _cards(environ: Mapping[str, str]) -> Finding:
    settings = read_cards(environ)
    if not settings.is_configured:
        return _unused(environ)
    payments.check(settings)
    return _finding(OK, settings.url, "lists charges")


def _erp(environ: Mapping[str, str]) -> Finding:
    if not names_own_erp(environ):
        return _finding(OK, "embedded", "Tryton, made by the first run, in the state folder")
    choice = read_erp(environ)
    client = erp_ledger(choice, CONNECT_SECONDS)
    most = read_approvals((GOVERNANCE / "approvals.yaml").read_text()).entry_lines
    if most > client.capabilities.max_lines:
        told = f"governance/approvals.yaml: entry_lines {most}, and the ERP takes"
        return _finding("invalid", choice.address, f"{told} {client.capabilities.max_lines}")
    entities = [
        one.entity_code for one in read_group((GOVERNANCE / "entities.yaml").read_text()).entities
    ]
    for entity in entities:
        try:
            client.periods(entity)
        except (ErpUnknown, ErpBusy, ErpRejected) as problem:
            why = f"{entity}: {problem.reason_code}"
            return _finding("unreachable", choice.address, why, "ERP_UNREACHABLE")
    return _finding(OK, choice.address, f"{choice.kind}: companies of {', '.join(entities)}")
