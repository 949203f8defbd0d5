"""The ERP of a world: our own Tryton installed, prepared and up; the periods of whichever it is.

How Tryton is driven is in resources/erp; here is only what the launcher asks of it.
"""

from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from billing.governance.group import read_group
from orchestration.progress import Progress
from orchestration.state import StateFolder, World, keep_port, kept_port
from resources.erp import tryton_server
from resources.erp.tryton_database import Books, ErpDatabase, ensure_database
from resources.erp.tryton_environment import ensure_environment
from resources.erp_choice import erp_ledger
from resources.settings import Settings
from resources.warehouse import builds, ledger, sending
from resources.warehouse.database import connect
from resources.warehouse.governance_load import CHART
from resources.warehouse.server.administrator import as_owner

GROUP_FILE = Path(__file__).parents[1] / "governance" / "entities.yaml"
YEARS_BEFORE = 1  # a line of an older period goes to the first open day after it


def ensure(
    state: StateFolder, settings: Settings, world: World, progress: Progress
) -> dict[str, str]:
    """Have the world's ERP up; returns the variables by which the pipeline finds it."""
    database = _database(settings)
    with progress.stage("ERP installed in an environment of its own"):
        ensure_environment(state.root)
    with progress.stage("ERP ready: companies, chart of accounts, fiscal years, users"):
        books = Books(_companies(), CHART, world.as_of.year - YEARS_BEFORE, world.as_of.year)
        access = ensure_database(state.root, database, books)
        url = tryton_server.start(state.root, database, kept_port(state, "erp"))
    keep_port(state, "erp", urlsplit(url).port)
    return access.variables(url)


def run_file(state: StateFolder) -> Path:
    """Pid file of the running server."""
    return tryton_server.run_file(state.root)


def stop(state: StateFolder) -> bool:
    """Stop the server; True when there was one."""
    return tryton_server.stop(state.root)


def mirror_periods(settings: Settings) -> None:
    """Take over the ERP's periods, so that the database itself can refuse a closed one, and what
    the ERP needs of a sender.
    """
    erp = erp_ledger(settings.erp)
    database = settings.database
    with as_owner(database.url("admin"), database.role_prefix) as owner:
        sending.keep_rules(owner, erp.capabilities)
    with closing(connect(settings.database, "poster")) as connection:
        for entity in builds.entities(connection):
            for period in erp.periods(entity):
                ledger.mirror_period(connection, period)
        connection.commit()


def _companies() -> dict[str, str]:
    group = read_group(GROUP_FILE.read_text())
    return {entity.entity_code: entity.name for entity in group.entities}


def _database(settings: Settings) -> ErpDatabase:
    known = settings.database
    return ErpDatabase(
        host=known.host,
        port=known.port,
        name=known.erp_name,
        owner=known.login("erp"),
        owner_password=known.passwords["erp"],
        admin=known.admin_user,
        admin_password=known.passwords["admin"],
        query=known.query,
    )
