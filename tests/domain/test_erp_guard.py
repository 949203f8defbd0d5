"""The guard in front of Tryton: which context headers pass, and what the refusal looks like."""

import base64
import json

import pytest

from resources.erp.tryton_scripts.guarded import HEADER, Guard

pytestmark = pytest.mark.promise("A forged company context is refused before it reaches Tryton")


def header_of(context: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(context).encode()).decode()


def answer_to(environ: dict[str, str]) -> str:
    statuses = []

    def tryton(_environ, start_response):
        start_response("200 OK", [])
        return [b""]

    Guard(tryton)(environ, lambda status, _headers: statuses.append(status))
    return statuses[0]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {HEADER: header_of({})},
        {HEADER: header_of({"company": 1, "posted": True, "date": {"__class__": "date"}})},
    ],
)
def test_public_contexts_pass(environ):
    assert answer_to(environ) == "200 OK"


@pytest.mark.parametrize(
    "header",
    [
        header_of({"_companies": [1, 2]}),
        header_of({"company": 1, "_groups": [1]}),
        header_of({"__class__": "date", "year": 2026, "month": 1, "day": 1}),
        header_of(["_companies"]),
        header_of("_companies"),
        "no base64",
        "",
    ],
)
def test_private_or_unreadable_contexts_are_refused(header):
    assert answer_to({HEADER: header}).startswith("400")


def test_a_header_padded_with_foreign_characters_is_read_as_tryton_reads_it():
    padded = header_of({"_companies": [1, 2]}).replace("", "!")
    assert answer_to({HEADER: padded}).startswith("400")
