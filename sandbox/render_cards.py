"""Rendering of card activity in the processor's list shapes: charges, refunds, payouts, fees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sandbox.cards import CardActivity, CardCharge, Payout, Refund
from sandbox.days import instant

Item = dict[str, Any]

# Which payout settled a movement: the server filters by it and never shows it.
PAYOUT_KEY = "_payout"


def render_lists(cards: CardActivity, as_of: date) -> dict[str, list[Item]]:
    """Return each list newest first, as the processor serves it; amounts are whole cents."""
    lists = {
        "charges": [_charge(charge) for charge in cards.charges],
        "refunds": [_refund(refund) for refund in cards.refunds],
        "payouts": [_payout(payout, as_of) for payout in cards.payouts],
        "balance_transactions": list(_balance_transactions(cards)),
    }
    for items in lists.values():
        items.sort(key=lambda item: (item["created"], item["id"]), reverse=True)
    return lists


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _balance_id(identifier: str) -> str:
    return f"txn_{identifier}"


def _charge(charge: CardCharge) -> Item:
    is_paid = not charge.is_declined
    return {
        "id": charge.charge_id,
        "object": "charge",
        "amount": charge.cents,
        "amount_captured": charge.cents if is_paid else 0,
        "balance_transaction": _balance_id(charge.charge_id) if is_paid else None,
        "captured": is_paid,
        "created": _seconds(charge.created),
        "currency": "usd",
        "failure_code": None if is_paid else "card_declined",
        "metadata": {"account": charge.account, "entity": charge.entity.code},
        "paid": is_paid,
        "status": "succeeded" if is_paid else "failed",
    }


def _refund(refund: Refund) -> Item:
    return {
        "id": refund.refund_id,
        "object": "refund",
        "amount": refund.cents,
        "balance_transaction": _balance_id(refund.refund_id),
        "charge": refund.charge.charge_id,
        "created": _seconds(refund.created),
        "currency": "usd",
        "metadata": {"account": refund.charge.account, "entity": refund.charge.entity.code},
        "reason": "duplicate",
        "status": "succeeded",
    }


def _payout(payout: Payout, as_of: date) -> Item:
    has_arrived = payout.arrival_date <= as_of
    return {
        "id": payout.payout_id,
        "object": "payout",
        "amount": payout.cents,
        "arrival_date": _seconds(instant(payout.arrival_date, 0)),
        "automatic": True,
        "balance_transaction": _balance_id(payout.payout_id),
        "created": _seconds(payout.created),
        "currency": "usd",
        "metadata": {"entity": payout.entity.code},
        "method": "standard",
        "reconciliation_status": "completed",
        "statement_descriptor": "CARD PAYOUT",
        "status": "paid" if has_arrived else "in_transit",
        "trace_id": {"status": "supported", "value": payout.trace},
        "type": "bank_account",
    }


def _balance_transactions(cards: CardActivity) -> Iterator[Item]:
    settled = {one.charge_id: item.payout_id for item in cards.payouts for one in item.charges} | {
        one.refund_id: item.payout_id for item in cards.payouts for one in item.refunds
    }
    for charge in cards.charges:
        if not charge.is_declined:
            movement = _movement("charge", charge.charge_id, charge.cents, charge.created)
            fee = charge.fee
            yield movement | {"fee": fee, "net": charge.cents - fee} | _paid_by(settled, movement)
    for refund in cards.refunds:
        movement = _movement("refund", refund.refund_id, -refund.cents, refund.created)
        yield movement | _paid_by(settled, movement)
    for payout in cards.payouts:
        movement = _movement("payout", payout.payout_id, -payout.cents, payout.created)
        yield movement | {PAYOUT_KEY: payout.payout_id}


def _paid_by(settled: dict[str, str], movement: Item) -> Item:
    return {PAYOUT_KEY: settled.get(movement["source"])}


def _movement(kind: str, source: str, cents: int, created: datetime) -> Item:
    return {
        "id": _balance_id(source),
        "object": "balance_transaction",
        "amount": cents,
        "available_on": _seconds(created),
        "created": _seconds(created),
        "currency": "usd",
        "fee": 0,
        "net": cents,
        "reporting_category": kind,
        "source": source,
        "status": "available",
        "type": kind,
    }
