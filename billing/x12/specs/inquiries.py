"""The sets around a claim: eligibility (270/271), status (276/277, 277CA), authorisation (278).

All are hierarchies of HL levels. Only loops stand here; the rows are those of `carried`.
"""

from billing.x12.document import Specification
from billing.x12.loops import Loop
from billing.x12.specs.loop_ids import AUTHORISATION_IDS, ELIGIBILITY_IDS, STATUS_IDS
from billing.x12.specs.parts import level

_ELIGIBILITY = (
    level("2000A", 1, "20"),
    level("2000B", 2, "21"),
    level("2000C", 3, "22"),
    level("2000D", 4, "23"),
    *(Loop("2110", 6, name, parents=("2000A", "2000B", "2000C", "2000D")) for name in ("EB", "EQ")),
    Loop("2115", 7, "III", parents=("2110",)),
    Loop("2120", 7, "NM1", parents=("2110",)),
    Loop("2100", 5, "NM1"),
)
# HL03 is PT for the patient of a 277CA (X214), 22 and 23 in a 276 and 277 (X212).
_STATUS_LEVELS = (("A", 1, "20"), ("B", 2, "21"), ("C", 3, "19"), ("D", 4, "22"), ("E", 5, "23"))
_STATUS = (
    *(level(f"2000{letter}", depth, code) for letter, depth, code in _STATUS_LEVELS),
    level("2000D", 4, "PT"),
    *(Loop(f"2200{one}", 7, "TRN", parents=(f"2000{one}",)) for one in "EDCBA"),
    Loop("2220", 8, "SVC", parents=("2200D", "2200E")),
    Loop("2210", 8, "PWK", parents=("2200D", "2200E")),
    Loop("2100", 6, "NM1"),
)
_AUTHORISATION = (
    level("2000A", 1, "20"),
    level("2000B", 2, "21"),
    level("2000C", 3, "22"),
    level("2000D", 4, "23"),
    level("2000E", 5, "EV"),
    level("2000E", 5, "19"),
    level("2000F", 6, "SS"),
    Loop("2010", 7, "NM1"),
)

_BREAKS = ("HL",)

ELIGIBILITY = Specification(
    _ELIGIBILITY,
    breaks=_BREAKS,
    levels=("20", "21", "22", "23"),
    above=("2000A", "2000B", "2000C", "2000D"),
    ids=ELIGIBILITY_IDS,
)
STATUS = Specification(
    _STATUS,
    claim=("2200D", "2200E"),
    line=("2220",),
    breaks=_BREAKS,
    levels=("20", "21", "19", "22", "23", "PT"),
    above=("2000A", "2000B", "2000C", "2000D"),
    ids=STATUS_IDS,
)
AUTHORISATION = Specification(
    _AUTHORISATION,
    breaks=_BREAKS,
    levels=("20", "21", "22", "23", "EV", "19", "SS"),
    above=("2000A", "2000B", "2000C", "2000D", "2000E"),
    ids=AUTHORISATION_IDS,
)
