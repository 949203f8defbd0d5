"""Large X12 files for the benches: seeded, balanced on every level, with distinct values.

How long it takes to read them is measured elsewhere.
"""

import random
from collections.abc import Iterator
from pathlib import Path

CLAIMS_IN_A_TRANSACTION = 5_000
_PROCEDURES = ("99213", "99214", "80053", "85025", "71046", "93000", "36415", "97110", "J1100")


def write_remittances(
    path: Path, claims: int, seed: int = 1, at_once: int = CLAIMS_IN_A_TRANSACTION
) -> Path:
    """Write an 835 of `claims` claim payments, 2 to 5 lines each, about 430 bytes a claim.

    `at_once`: how many of them one transaction has.
    """
    chance = random.Random(seed)
    with path.open("w", encoding="ascii") as out:
        _write(out.write, "HP", "005010X221A1", _remittances(chance, claims, at_once))
    return path


def write_claims(path: Path, claims: int, seed: int = 1) -> Path:
    """Write an 837P of `claims` claims with four lines each, about 540 bytes a claim."""
    chance = random.Random(seed)
    with path.open("w", encoding="ascii") as out:
        _write(out.write, "HC", "005010X222A1", _professional(chance, claims))
    return path


def _write(write: object, group: str, version: str, bodies: Iterator[list[str]]) -> None:
    assert callable(write)
    write(
        "ISA*00*          *00*          *ZZ*CLEARING       *ZZ*HOSPITAL       "
        "*260105*0830*^*00501*000000001*0*P*:~\n"
        f"GS*{group}*CLEARING*HOSPITAL*20260105*0830*1*X*{version}~\n"
    )
    number = 0
    for number, body in enumerate(bodies, start=1):
        kind = "835" if group == "HP" else "837"
        third = "" if group == "HP" else f"*{version}"
        segments = [f"ST*{kind}*{number:04}{third}", *body]
        segments.append(f"SE*{len(segments) + 1}*{number:04}")
        write("".join(f"{segment}~\n" for segment in segments))
    write(f"GE*{number}*1~\nIEA*1*000000001~\n")


def _batches(claims: int, at_once: int = CLAIMS_IN_A_TRANSACTION) -> Iterator[range]:
    for first in range(0, claims, at_once):
        yield range(first, min(first + at_once, claims))


def _remittances(chance: random.Random, claims: int, at_once: int) -> Iterator[list[str]]:
    for batch in _batches(claims, at_once):
        body: list[str] = []
        paid = sum(_payment(chance, number, body) for number in batch)
        fee = 12_34
        header = [
            f"BPR*I*{_usd(paid - fee)}*C*ACH*CCP*01*111000025*DA*123456*1512345678**01*111000025*"
            "DA*654321*20260107",
            f"TRN*1*EFT{batch.start:09}*1512345678",
            "DTM*405*20260105",
            "N1*PR*UNITED INSURANCE",
            "N3*1 MAIN ST",
            "N4*HARTFORD*CT*06101",
            "PER*BL*PROVIDER SERVICES*TE*8005550100",
            "N1*PE*CITY HOSPITAL*XX*1234567893",
            "REF*TJ*123456789",
            "LX*1",
        ]
        yield [*header, *body, f"PLB*1234567893*20261231*L6:EFT{batch.start:09}*{_usd(fee)}"]


def _payment(chance: random.Random, number: int, body: list[str]) -> int:
    lines = [_line_payment(chance) for _ in range(chance.randint(2, 5))]
    charge = sum(line[1] for line in lines)
    paid = sum(line[2] for line in lines)
    patient = sum(line[3] for line in lines)
    body += [
        f"CLP*PT{number:08}*1*{_usd(charge)}*{_usd(paid)}*{_usd(patient)}*12*ICN{number:010}*11*1",
        f"NM1*QC*1*DOE{number % 977}*JANE{number % 89}****MI*W{number:09}",
        f"REF*EA*MRN{number % 40_000:06}",
        f"DTM*232*202511{chance.randint(1, 30):02}",
    ]
    for procedure, line_charge, line_paid, line_patient in lines:
        body += [
            f"SVC*HC:{procedure}*{_usd(line_charge)}*{_usd(line_paid)}**1",
            f"DTM*472*202511{chance.randint(1, 30):02}",
            f"CAS*CO*45*{_usd(line_charge - line_paid - line_patient)}",
        ]
        if line_patient:
            body.append(f"CAS*PR*2*{_usd(line_patient)}")
        body.append(f"AMT*B6*{_usd(line_paid + line_patient)}")
    return paid


def _line_payment(chance: random.Random) -> tuple[str, int, int, int]:
    charge = chance.randint(50_00, 900_00)
    allowed = charge * chance.randint(30, 90) // 100
    patient = chance.choice((0, 0, 0, allowed // 5))
    return chance.choice(_PROCEDURES), charge, allowed - patient, patient


def _professional(chance: random.Random, claims: int) -> Iterator[list[str]]:
    for batch in _batches(claims):
        body = [
            f"BHT*0019*00*{batch.start:09}*20260105*0830*CH",
            "NM1*41*2*CITY HOSPITAL*****46*123456789",
            "PER*IC*BILLING OFFICE*TE*8005550101",
            "NM1*40*2*CLEARINGHOUSE*****46*987654321",
            "HL*1**20*1",
            "PRV*BI*PXC*282N00000X",
            "NM1*85*2*CITY HOSPITAL*****XX*1234567893",
            "N3*1 HOSPITAL WAY",
            "N4*HARTFORD*CT*061012345",
            "REF*EI*123456789",
        ]
        for level, number in enumerate(batch, start=2):
            body += _claim(chance, level, number)
        yield body


def _claim(chance: random.Random, level: int, number: int) -> list[str]:
    charges = [chance.randint(50_00, 900_00) for _ in range(4)]
    day = f"202511{chance.randint(1, 30):02}"
    segments = [
        f"HL*{level}*1*22*0",
        "SBR*P*18*GRP123******CI",
        f"NM1*IL*1*DOE{number % 977}*JANE{number % 89}****MI*W{number:09}",
        f"N3*{number % 999} ELM ST",
        "N4*HARTFORD*CT*06101",
        f"DMG*D8*19{chance.randint(30, 99)}0115*F",
        "NM1*PR*2*UNITED INSURANCE*****PI*87726",
        f"CLM*PT{number:08}*{_usd(sum(charges))}***11:B:1*Y*A*Y*Y",
        f"REF*D9*{number:012}",
        "HI*ABK:I10*ABF:E119",
        "NM1*82*1*WELBY*MARCUS****XX*1098765432",
    ]
    for line, charge in enumerate(charges, start=1):
        segments += [
            f"LX*{line}",
            f"SV1*HC:{chance.choice(_PROCEDURES)}*{_usd(charge)}*UN*1***1:2",
            f"DTP*472*D8*{day}",
            f"REF*6R*{number}L{line}",
        ]
    return segments


def _usd(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}".removesuffix(".00")
