"""A coverage-guided fuzzer on everything that takes X12 bytes: `make fuzz FOR=600`.

Not part of the tests: it needs atheris and a time. What it finds becomes a test of its own.
"""

import sys

import atheris

with atheris.instrument_imports(include=["billing"]):
    from billing.intake import is_complete, recognise
    from billing.x12.check import check
    from billing.x12.excerpt import masked, segments
    from billing.x12.reader import read_x12
    from billing.x12.show import show

_HEADER = (
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
    b"*260105*0830*^*00501*000000001*0*P*:~GS*HP*S*R*20260105*0830*1*X*005010X221A1~"
)
_SMALL = 60


def one_input(data: bytes) -> None:
    """Read bytes as they are, or behind a good header, at once and in small portions."""
    content = _HEADER + data[1:] if data[:1] == b"\x01" else data
    is_complete(content, recognise(content, "fuzz.835"))
    whole, portions = read_x12(content), read_x12(content, _SMALL)
    for parsed in (whole, portions):
        if parsed.accounted != parsed.segments or not parsed.reserialised:
            raise AssertionError("a segment is lost")
    if whole.findings != portions.findings:
        raise AssertionError("portions change what is found")
    if check(content, "fuzz")["segments"] != whole.segments:
        raise AssertionError("check counts otherwise")
    show(content)
    for _, _, raw in segments(content):
        masked(raw)


def main() -> None:
    """Fuzz with the arguments of libFuzzer: seed folders, -max_total_time and so on."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
