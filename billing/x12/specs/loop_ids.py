"""The ids that the guides give to loops of one trigger, by what the trigger says. Data only."""

from collections.abc import Mapping

from billing.x12.loop_ids import LoopId

_Codes = Mapping[tuple[str, str], str]


def _lettered(loop: str, *codes: str) -> dict[tuple[str, str], str]:
    """Return ids A, B, C ... of a loop, each for the qualifiers written in one of `codes`."""
    return {
        (loop, code): f"{loop}{chr(ord('A') + number)}"
        for number, written in enumerate(codes)
        for code in written.split()
    }


# A guide leaves out a letter that an older edition of it had: "-" is no qualifier.
_PROFESSIONAL: dict[str, _Codes] = {
    "2310": _lettered("2310", "DN P3", "82", "77", "DQ", "PW", "45"),
    "2330": _lettered("2330", "IL", "PR", "DN P3", "82", "77", "DQ", "85"),
    "2420": _lettered("2420", "82", "QB", "77", "DQ", "DK", "DN P3", "PW", "45"),
}
_INSTITUTIONAL: dict[str, _Codes] = {
    "2310": _lettered("2310", "71", "72", "ZZ", "82", "77", "DN"),
    "2330": _lettered("2330", "IL", "PR", "71", "72", "ZZ", "77", "82", "DN", "85"),
    "2420": _lettered("2420", "72", "ZZ", "82", "DN"),
}
_DENTAL: dict[str, _Codes] = {
    "2310": _lettered("2310", "DN P3", "82", "77", "DD", "DQ"),
    "2330": _lettered("2330", "IL", "PR", "DN P3", "82", "DQ", "85", "77", "DD"),
    "2420": _lettered("2420", "82", "DD", "DQ", "77"),
}
_PROFESSIONAL_4010: dict[str, _Codes] = {
    "2310": _lettered("2310", "DN P3", "82", "QB", "77 FA LI TL", "DQ"),
    "2330": _lettered("2330", "IL", "PR", "QC", "DN P3", "82", "QB", "77 FA LI TL", "DQ"),
    "2420": _lettered("2420", "82", "QB", "77 FA LI TL", "DQ", "DK", "DN P3", "PR"),
}
_INSTITUTIONAL_4010: dict[str, _Codes] = {
    "2310": _lettered("2310", "71", "72", "73", "-", "FA"),
    "2330": _lettered("2330", "IL", "PR", "QC", "71", "72", "73", "-", "FA"),
    "2420": _lettered("2420", "71", "72", "73"),
}
_DENTAL_4010: dict[str, _Codes] = {
    "2310": _lettered("2310", "DN P3", "82", "FA", "DD"),
    "2330": _lettered("2330", "IL", "PR", "QC", "DN P3", "82"),
    "2420": _lettered("2420", "82", "PR", "DD"),
}
_CLAIM_GUIDES = {
    "005010X222": _PROFESSIONAL,
    "005010X223": _INSTITUTIONAL,
    "005010X224": _DENTAL,
    "004010X098": _PROFESSIONAL_4010,
    "004010X096": _INSTITUTIONAL_4010,
    "004010X097": _DENTAL_4010,
}
_PAYER, _RESPONSIBLE, _CARD = "2010BB", "2010BC", "2010BD"
CLAIM_IDS = (
    *(
        LoopId(loop, {guide: ids[loop] for guide, ids in _CLAIM_GUIDES.items()})
        for loop in ("2310", "2330", "2420")
    ),
    # In 4010 the holder of a credit card has a loop, not everywhere the same one.
    LoopId(_PAYER, {"004010X096": {(_PAYER, "PR"): "2010BC"}}),
    LoopId(_RESPONSIBLE, {"004010X096": {(_RESPONSIBLE, "QD"): "2010BD"}}),
    LoopId(
        _CARD, {"004010X096": {(_CARD, "AO"): "2010BB"}, "004010X097": {(_CARD, "AO"): "2010BC"}}
    ),
)

_LEVELS = ("2000A", "2000B", "2000C", "2000D", "2000E", "2000F")
ELIGIBILITY_IDS = tuple(
    LoopId(loop, levels=_LEVELS[:4]) for loop in ("2100", "2110", "2115", "2120")
)
STATUS_IDS = tuple(LoopId(loop, levels=_LEVELS[:5]) for loop in ("2100", "2210", "2220"))

# The parties of a patient event: who gives the service, who is called, who drives.
_EVENT = {
    ("2010E", code): name
    for name, codes in (
        ("2010EA", "71 72 73 77 AAJ DD DK DN FA G3 P3 QB QV SJ 1T"),
        ("2010EB", "L5"),
        ("2010EC", "45 FS ND PW R3"),
    )
    for code in codes.split()
}
_PERSONS = {("2010C", "IL"): "2010CA", ("2010D", "QC"): "2010DA"}
_PERSONS |= {
    (f"2010{level}", code): f"2010{level}B"
    for level in "CD"
    for code in ("1P", "2B", "ABG", "FA", "PR", "X3")
}
AUTHORISATION_IDS = (
    LoopId("2010", {"005010X217": _EVENT, "004010X094": _PERSONS}, levels=_LEVELS),
)

_ENTITIES = {("2000", "2L"): "2000A", ("2000", "2J"): "2000B"}
PREMIUM_IDS = (
    LoopId("2000", {"005010X218": _ENTITIES, "004010X061": _ENTITIES}, element=2),
    *(
        LoopId(loop, levels=("2000",))
        for loop in ("2100", "2200", "2300", "2310", "2312", "2315", "2320")
    ),
)
