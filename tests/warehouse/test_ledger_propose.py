"""Proposing: the difference between what the evidence demands and what is recorded."""

from datetime import date


def test_a_first(books, ledger_line):
    books.demand(
        [
            ledger_line("e1", "charge.posted", "100.00"),
            ledger_line("e2", "remit.paid", "60.00", entity="NPG"),
        ]
    )
    print(books.propose())
    print(books.entries())
    for e in books.entries():
        print(books.holds(e[0]))
    print(books.approve(), books.sendable())
    print(books.post_all(), books.entries())
    print(books.propose())
    print(books.recorded())
    print(
        books.ask("auditor", "select * from ledger.verify_chain()"),
        books.ask("auditor", "select * from ledger.verify_entries()"),
    )
    print(
        books.ask(
            "auditor",
            "select seq,actor,action,from_state,to_state,detail from ledger.audit order by seq desc limit 8",
        )
    )
