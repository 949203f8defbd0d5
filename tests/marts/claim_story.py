"""One account's files from first sending to last payment, hand-made, as a clearinghouse has them.

Bytes only; who reads them in which order is the matter of the tests.
"""

_CONTROL = "{sender:<15}*ZZ*{receiver:<15}*{day}*0600*^*00501*{number:09}*0*P*:~"
ME, PARTNER = "NORTHLAKE", "CLEARING"


def _interchange(
    body: str, group: str, guide: str, day: str, number: int, *, sent: bool = False
) -> bytes:
    sender, receiver = (ME, PARTNER) if sent else (PARTNER, ME)
    isa = "ISA*00*          *00*          *ZZ*" + _CONTROL.format(
        sender=sender, receiver=receiver, day=day[2:], number=number
    )
    begin = f"GS*{group}*{sender}*{receiver}*{day}*0600*{number}*X*{guide}~"
    return f"{isa}\n{begin}\n{body}GE*1*{number}~\nIEA*1*{number:09}~\n".encode()


def _transaction(set_id: str, segments: list[str], guide: str = "") -> str:
    third = f"*{guide}" if guide else ""
    lines = [f"ST*{set_id}*0001{third}", *segments, f"SE*{len(segments) + 2}*0001"]
    return "".join(f"{line}~\n" for line in lines)


def claim(
    number: int, day: str, charge: str, frequency: str = "1", *, original: str = "",
    sequence: str = "P", payer: str = "MCR01",
) -> bytes:  # fmt: skip
    """An 837P with the one claim A-77."""
    guide = "005010X222A1"
    reference = [f"REF*F8*{original}"] if original else []
    body = _transaction("837", [
        f"BHT*0019*00*BATCH{number}*{day}*0600*CH", "NM1*41*2*NORTHLAKE*****46*N1",
        "NM1*40*2*CLEARING*****46*C1", "HL*1**20*1", "NM1*85*2*NORTHLAKE*****XX*1234567893",
        "REF*EI*841112223", "HL*2*1*22*0", f"SBR*{sequence}*18*******MA",
        "NM1*IL*1*BIRD*ROBIN****MI*MEMBER1", f"NM1*PR*2*PAYER*****PI*{payer}",
        f"CLM*A-77*{charge}***11:B:{frequency}*Y*A*Y*Y", *reference, "HI*ABK:J069", "LX*1",
        f"SV1*HC:99213*{charge}*UN*1***1", "DTP*472*D8*20260901",
    ], guide)  # fmt: skip
    return _interchange(body, "HC", guide, day, number, sent=True)


def functional(number: int, day: str, of: int, disposition: str) -> bytes:
    """A 999 on transaction 0001 of group `of`."""
    guide = "005010X231A1"
    body = _transaction("999", [
        f"AK1*HC*{of}*005010X222A1", "AK2*837*0001*005010X222A1", f"IK5*{disposition}",
        f"AK9*{disposition}*1*1*{int(disposition == 'A')}",
    ], guide)  # fmt: skip
    return _interchange(body, "FA", guide, day, number)


def status(number: int, day: str, category: str, charge: str) -> bytes:
    """A 277CA on claim A-77."""
    guide, action = "005010X214", "WQ" if category in {"A1", "A2"} else "U"
    body = _transaction("277", [
        f"BHT*0085*08*S{number}*{day}*0600*TH", "HL*1**20*1", "NM1*PR*2*PAYER*****PI*MCR01",
        f"TRN*1*S{number}", "HL*2*1*21*1", "NM1*41*2*NORTHLAKE*****46*N1", "TRN*2*BATCH1",
        "HL*3*2*19*1", "NM1*85*2*NORTHLAKE*****XX*1234567893", "HL*4*3*PT*0",
        "NM1*QC*1*BIRD*ROBIN****MI*MEMBER1", "TRN*2*A-77",
        f"STC*{category}:20:PR*{day}*{action}*{charge}", "REF*1K*ICN1", "DTP*472*D8*20260901",
    ], guide)  # fmt: skip
    return _interchange(body, "HN", guide, day, number)


def remittance(
    number: int, day: str, trace: str, claims: list[tuple[str, str, str, str]],
    payer: str = "1520000001",
) -> bytes:  # fmt: skip
    """An 835 of payments (status, charge, paid, contractual) of claim A-77."""
    total = sum(float(paid) for _, _, paid, _ in claims)
    segments = [
        f"BPR*I*{total:.2f}*C*ACH*CCP*01*1*DA*1*{payer}**01*1*DA*2*{day}",
        f"TRN*1*{trace}*{payer}", f"DTM*405*{day}", "N1*PR*PAYER",
        "N1*PE*NORTHLAKE*XX*1234567893", "REF*TJ*841112223", "LX*1",
    ]  # fmt: skip
    for code, charge, paid, contractual in claims:
        units = "-1" if code == "22" else "1"
        segments += [
            f"CLP*A-77*{code}*{charge}*{paid}*0*MA*ICN1*11*1", "NM1*QC*1*BIRD*ROBIN",
            f"SVC*HC:99213*{charge}*{paid}**{units}", "DTM*472*20260901",
            f"CAS*CO*45*{contractual}",
        ]  # fmt: skip
    guide = "005010X221A1"
    return _interchange(_transaction("835", segments), "HP", guide, day, number)


def statement(day: str, trace: str, cents: int) -> bytes:
    """A bank statement with the deposit of a payer."""
    yymmdd = day[2:]
    lines = [
        f"01,BANK,NLH,{yymmdd},0600,1,80,,2/", f"02,NLH,BANK,1,{yymmdd},0600,USD,2/",
        f"03,4410001001,USD,010,0,,,015,{cents},,/", f"16,165,{cents},0,B{trace},{trace}/",
        f"49,{2 * cents},3/", f"98,{2 * cents},1,5/", f"99,{2 * cents},1,7/",
    ]  # fmt: skip
    return "".join(f"{line}\n" for line in lines).encode()


def story() -> dict[str, bytes]:
    """All files of the account by name."""
    advice = [("1", "150", "100", "50")]
    corrected = [("22", "-150", "-100", "-50"), ("1", "170", "130", "40")]
    first = remittance(301, "20261001", "T1", advice)
    return {
        "first.837": claim(101, "20260905", "120"),
        "first.999": functional(201, "20260905", 101, "A"),
        "rejected.277": status(211, "20260907", "A3", "120"),
        "replacement.837": claim(102, "20260910", "150", "7", original="ICN1"),
        "second.999": functional(202, "20260910", 102, "A"),
        "accepted.277": status(212, "20260912", "A2", "150"),
        "first.835": first,
        "first_again.835": first.replace(b"000000301", b"000000399").replace(b"*301*X", b"*399*X"),
        "corrected.835": remittance(302, "20261015", "T2", corrected),
        "secondary.837": claim(103, "20261016", "150", sequence="S", payer="BLU01"),
        "secondary.835": remittance(303, "20261025", "T3", [("2", "150", "20", "130")],
                                    payer="1520000003"),
        "bank.bai": statement("20261002", "T1", 10_000),
    }  # fmt: skip
