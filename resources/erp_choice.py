"""Makes the client of the ERP that is chosen, with the names of `governance/erp_segments.yaml`.

The one place that knows all adapters. Each is imported when it is asked for: an installation has
one ERP, and every command would wait for the libraries of five others.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from billing.governance.erp_segments import read_erp_segments
from billing.governance.group import read_group
from billing.ledger.erp import ErpLedger
from billing.ledger.rules import read_chart
from billing.ledger.segments import SegmentMap
from resources.environment import MissingSettingError
from resources.erp_settings import ErpChoice
from resources.warehouse.governance_load import CHART

GOVERNANCE = Path(__file__).parents[1] / "governance"
ANSWER_SECONDS = 60.0
Environ = Mapping[str, str]


def erp_ledger(choice: ErpChoice, answer_seconds: float = ANSWER_SECONDS) -> ErpLedger:
    """Return a client of the chosen ERP; it connects to nothing yet.

    `answer_seconds`: how long it waits before an outcome is unknown. Raises MissingSettingError,
    InvalidSettingError, PolicyFileError.
    """
    if not choice.kind:
        raise MissingSettingError("TIEOUT_ERP")
    return MAKERS[choice.kind](choice.variables, answer_seconds)


def shipped_segments(governance: Path = GOVERNANCE) -> SegmentMap:
    """Return how each entity's ERP calls our accounts and dimensions. Raises PolicyFileError."""
    group = read_group((governance / "entities.yaml").read_text())
    return read_erp_segments(
        (governance / "erp_segments.yaml").read_text(), group, read_chart(CHART.read_text())
    )


def _tryton(environ: Environ, answer_seconds: float) -> ErpLedger:
    from resources.erp.tryton import TrytonLedger  # noqa: PLC0415 (see above)
    from resources.erp.tryton_settings import read_tryton  # noqa: PLC0415

    return TrytonLedger(read_tryton(environ), answer_seconds)


def _netsuite(environ: Environ, answer_seconds: float) -> ErpLedger:
    from resources.erp.netsuite import NetsuiteLedger  # noqa: PLC0415
    from resources.erp.netsuite_settings import read_netsuite  # noqa: PLC0415

    return NetsuiteLedger(read_netsuite(environ, shipped_segments()), answer_seconds)


def _business_central(environ: Environ, answer_seconds: float) -> ErpLedger:
    from resources.erp.business_central import BusinessCentralLedger  # noqa: PLC0415
    from resources.erp.business_central_settings import read_business_central  # noqa: PLC0415

    settings = read_business_central(environ, shipped_segments())
    return BusinessCentralLedger(settings, answer_seconds)


def _dynamics_finance(environ: Environ, answer_seconds: float) -> ErpLedger:
    from resources.erp.dynamics_finance import DynamicsFinanceLedger  # noqa: PLC0415
    from resources.erp.dynamics_finance_settings import read_dynamics_finance  # noqa: PLC0415

    settings = read_dynamics_finance(environ, shipped_segments())
    return DynamicsFinanceLedger(settings, answer_seconds)


def _sap_s4(environ: Environ, answer_seconds: float) -> ErpLedger:
    from resources.erp.sap_s4 import SapS4Ledger  # noqa: PLC0415
    from resources.erp.sap_s4_settings import read_sap_s4  # noqa: PLC0415

    return SapS4Ledger(read_sap_s4(environ, shipped_segments()), answer_seconds)


def _journal_file(environ: Environ, answer_seconds: float) -> ErpLedger:
    from resources.erp.journal_file import JournalFileLedger  # noqa: PLC0415
    from resources.erp.journal_file_settings import read_journal_file  # noqa: PLC0415

    return JournalFileLedger(read_journal_file(environ, shipped_segments()), answer_seconds)


MAKERS: Mapping[str, Callable[[Environ, float], ErpLedger]] = MappingProxyType(
    {
        "tryton": _tryton,
        "netsuite": _netsuite,
        "business_central": _business_central,
        "dynamics_finance": _dynamics_finance,
        "sap_s4": _sap_s4,
        "journal_file": _journal_file,
    }
)
