"""What the facilities charge for: procedure code, revenue code, list price in cents. No texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A charge item of the price list; a missing procedure means revenue code alone."""

    procedure: str | None
    revenue: str
    cents: int
    most_units: int = 1


EMERGENCY = (
    Service("99283", "0450", 68_500), Service("99284", "0450", 112_000),
    Service("99285", "0450", 168_400),
)  # fmt: skip
HOSPITAL_EXTRAS = (
    Service("80053", "0301", 14_850), Service("85025", "0305", 9_120),
    Service("71046", "0324", 38_700), Service("74177", "0352", 214_600),
    Service("96374", "0260", 31_250), Service(None, "0250", 8_640, 4),
    Service("93005", "0730", 24_310), Service("36415", "0300", 3_275),
    Service("84484", "0301", 21_060), Service("70450", "0351", 128_900),
)  # fmt: skip
SURGERY = (
    Service("45378", "0750", 286_500), Service("29881", "0360", 642_000),
    Service("66984", "0360", 518_750), Service("47562", "0360", 893_200),
)  # fmt: skip
ROOM = (Service(None, "0120", 198_000, 5), Service(None, "0200", 412_500, 3))
INPATIENT_EXTRAS = (
    Service(None, "0250", 62_480, 3), Service(None, "0300", 118_900), Service(None, "0320", 94_550),
    Service(None, "0360", 1_284_000), Service(None, "0420", 38_260, 4),
    Service(None, "0270", 47_315),
)  # fmt: skip
OFFICE = (
    Service("99213", "0510", 16_800), Service("99214", "0510", 24_500),
    Service("99203", "0510", 22_140), Service("99215", "0510", 33_900),
)  # fmt: skip
OFFICE_EXTRAS = (
    Service("93000", "0730", 8_925), Service("36415", "0300", 2_150),
    Service("85025", "0305", 4_680), Service("90686", "0636", 6_290),
    Service("81003", "0307", 2_775), Service("20610", "0361", 28_410, 2),
)  # fmt: skip
IMAGING = (
    Service("77067", "0403", 39_600), Service("72148", "0610", 148_250),
    Service("73030", "0320", 17_430), Service("76700", "0402", 46_115),
    Service("70553", "0610", 236_800), Service("71250", "0350", 98_720),
)  # fmt: skip
