"""The sets that answer a file (999, 997) and premium payments (820): loops only.

TA1 is a segment of the envelope and has no loops.
"""

from billing.x12.document import Specification
from billing.x12.loops import Loop
from billing.x12.specs.loop_ids import PREMIUM_IDS
from billing.x12.specs.parts import qualified

_ACKNOWLEDGEMENT = (
    Loop("2000", 1, "AK2"),
    *(Loop("2100", 2, name, parents=("2000",)) for name in ("IK3", "AK3")),
    *(Loop("2110", 3, name, parents=("2100",)) for name in ("IK4", "AK4")),
)
_PREMIUM = (
    Loop("1000A", 1, "N1", qualified("PE")),
    Loop("1000B", 1, "N1", qualified("PR")),
    Loop("1000C", 1, "N1"),
    Loop("2000", 1, "ENT"),
    Loop("2300", 2, "RMR", parents=("2000",)),
    Loop("2310", 3, "IT1", parents=("2300",)),
    Loop("2312", 4, "SAC", parents=("2310",)),
    Loop("2315", 4, "SLN", parents=("2310",)),
    Loop("2320", 3, "ADX", parents=("2300",)),
    Loop("2200", 2, "ADX", parents=("2000",)),
    Loop("2100", 2, "NM1", parents=("2000",)),
)

ACKNOWLEDGEMENT = Specification(_ACKNOWLEDGEMENT, breaks=("AK2",))
PREMIUM = Specification(_PREMIUM, breaks=("ENT", "RMR"), above=("2000",), ids=PREMIUM_IDS)
UNKNOWN = Specification((Loop("party", 1, "NM1"), Loop("party", 1, "N1")), breaks=("NM1", "N1"))
