"""The format of changesets, as they are sent to Dynamics 365 Finance and answered by it."""

from decimal import Decimal

import pytest

from billing.ledger.erp import ErpUnknown
from resources.erp.dynamics_finance_batch import answers, changeset

pytestmark = pytest.mark.promise(
    "A changeset for Dynamics 365 Finance keeps every digit; a bad answer is unknown"
)


def test_a_changeset_carries_amounts_with_all_their_digits():
    body = changeset("Lines", [{"DebitAmount": Decimal("999999999.99")}]).decode()
    assert '{"DebitAmount":999999999.99}' in body
    assert body.count("--changeset_tieout\r\n") == 1
    assert body.endswith("--changeset_tieout--\r\n--batch_tieout--\r\n")


def test_answers_of_a_batch_are_read_in_order_whatever_their_line_ends():
    text = (
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n{"Text":"Zürich","A":0.1}'
        "\r\n--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 400 Bad Request\n\n\r\n--b--\r\n"
    )
    found = answers("multipart/mixed; boundary=b", text.encode())
    assert found == [(201, {"Text": "Zürich", "A": "0.1"}), (400, {})]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<html>"),
        ("multipart/mixed; boundary=b", b"--b--"),
        ("multipart/mixed; boundary=b",
         b"--b\r\nContent-Type: application/http\r\n\r\nnothing\r\n--b--\r\n"),
    ],
)  # fmt: skip
def test_an_unreadable_answer_of_a_batch_is_unknown(kind, body):
    with pytest.raises(ErpUnknown):
        answers(kind, body)
