"""The ERP's side: periods and master data, what was sent, what is read back, its balances.

Whether an entry may go is asked of the ledger, which asks itself once more before it lets go.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import dagster as dg

from assets.metadata import blocked_table, counts_table, foreign_table, held_table
from assets.runbook import PAGE
from assets.specs import ACCOUNTING, table_spec
from resources import mirror
from resources.dagster_resources import Erp, Installation, JobRun
from resources.outbox import Outbox, Sent, document_counts, reread
from resources.warehouse import builds, ledger, read_back
from resources.warehouse.holds import blocked, held_entries

GROUP = "erp"
KINDS = {"postgres", "tryton"}
APPROVAL = dg.AssetKey(["ledger", "approval"])


def _spec(schema: str, table: str, what: str, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    return table_spec(
        schema, table, what, group=GROUP, owner=ACCOUNTING, kinds=KINDS, has_phi=False, deps=deps
    )


PERIOD = _spec("erp", "period", "One row per entity and accounting period, as the ERP has it.", [])
ACCOUNT = _spec("erp", "account", "One row per entity and account of the ERP's chart.", [])
SEGMENT = _spec("erp", "segment", "One row per entity, dimension and value that the ERP has.", [])
OUTBOX = _spec(
    "ledger",
    "outbox",
    "Entries that went to the ERP, and those that are held with the reasons.",
    [APPROVAL, PERIOD.key, ACCOUNT.key, SEGMENT.key],
)
DOCUMENT = _spec(
    "erp",
    "document",
    "One row per ERP document, read back and compared with its entry line by line.",
    [OUTBOX.key],
)
BALANCE = _spec(
    "erp",
    "balance",
    "One row per entity and account: the balance that the ERP itself reports.",
    [DOCUMENT.key],
)
FOREIGN_LINE = _spec(
    "erp",
    "foreign_line",
    "One row per line on an account of ours that somebody else entered in the ERP.",
    [BALANCE.key],  # where the totals differ, more is read
)


@dg.multi_asset(specs=[PERIOD], name="mirror_periods")
def mirror_periods(
    installation: Installation, erp: Erp, post_run: JobRun
) -> dg.MaterializeResult[None]:
    """Take over the ERP's periods, so that the database itself refuses a closed one."""
    del post_run  # asked for because it keeps a second post run out
    count = 0
    with closing(installation.connect("poster")) as connection:
        for entity in builds.entities(connection) if erp.is_configured else []:
            for period in erp.ledger().periods(entity):
                ledger.mirror_period(connection, period)
                count += 1
        connection.commit()
    return dg.MaterializeResult(asset_key=PERIOD.key, metadata={"periods": count})


@dg.multi_asset(specs=[ACCOUNT, SEGMENT], name="mirror_master_data")
def mirror_master_data(
    installation: Installation, erp: Erp, post_run: JobRun
) -> Iterator[dg.MaterializeResult[None]]:
    """Take over the ERP's accounts and segments: entries on others are held, not sent."""
    del post_run  # asked for because it keeps a second post run out
    found = [(0, 0, 0)]
    with closing(installation.connect("poster")) as connection:
        for entity in builds.entities(connection) if erp.is_configured else []:
            found.append(mirror.mirror_master_data(connection, erp.ledger(), entity))
    accounts, segments, changed = (sum(column) for column in zip(*found, strict=True))
    metadata = {"accounts": accounts, "segments": segments, "changed": changed}
    yield dg.MaterializeResult(asset_key=ACCOUNT.key, metadata=metadata)
    yield dg.MaterializeResult(asset_key=SEGMENT.key, metadata=metadata)


@dg.multi_asset(
    specs=[OUTBOX],
    name="send_entries",
    check_specs=[
        dg.AssetCheckSpec(
            "nothing_held", asset=OUTBOX.key, blocking=False,
            description="Every entry went out: nothing is held, rejected or in doubt.",
        )
    ],
)  # fmt: skip
def send_entries(
    installation: Installation, erp: Erp, post_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Send what the ledger lets go, each entity in a thread of its own, and say what is held."""
    del post_run  # asked for because it keeps a second post run out
    with closing(installation.connect("poster")) as connection:
        entities = builds.entities(connection) if erp.is_configured else []
        sent = _send_all(installation, erp, entities)
        held = ledger.held(connection)
        entries = held_table(held_entries(connection))
        dollars = blocked_table(blocked(connection))
    metadata: dict[str, Any] = {
        "posted": sum(s.posted for s in sent),
        "rejected": sum(s.rejected for s in sent),
        "unknown": sum(s.unknown for s in sent),
        "held_at_the_gate": sum(s.held_at_the_gate for s in sent),
        "held_by_reason": counts_table("reason", "entries", held),
        "held_entries": entries,
        "blocked_dollars": dollars,
    }
    yield dg.MaterializeResult(asset_key=OUTBOX.key, metadata=metadata)
    yield dg.AssetCheckResult(
        check_name="nothing_held", asset_key=OUTBOX.key, passed=not held,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"held_entries": entries, "runbook": PAGE},
    )  # fmt: skip


def _send_all(installation: Installation, erp: Erp, entities: list[str]) -> list[Sent]:
    """One thread per entity: their documents and numbers have nothing to do with each other."""
    if not entities:
        return []

    def send(entity: str) -> Sent:
        with closing(installation.connect("poster")) as connection:
            return Outbox(connection, erp.ledger(), entity).run()

    with ThreadPoolExecutor(max_workers=len(entities)) as pool:
        return list(pool.map(send, entities))


@dg.multi_asset(
    specs=[DOCUMENT],
    name="compare_documents",
    check_specs=[
        dg.AssetCheckSpec(
            "documents_equal_entries", asset=DOCUMENT.key, blocking=False,
            description="Every document equals its entry, line by line, as the ERP gave it back.",
        )
    ],
)  # fmt: skip
def compare_documents(
    installation: Installation, erp: Erp, post_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read older documents again, and count those that do not equal their entry."""
    del post_run  # asked for because it keeps a second post run out
    with closing(installation.connect("poster")) as connection:
        entities = builds.entities(connection) if erp.is_configured else []
        again = sum(1 for e in entities for _ in reread(connection, erp.ledger(), e))
        documents, differing = document_counts(connection)
    metadata = {"documents": documents, "differing": differing, "read_again": again}
    yield dg.MaterializeResult(asset_key=DOCUMENT.key, metadata=metadata)
    yield dg.AssetCheckResult(
        check_name="documents_equal_entries", asset_key=DOCUMENT.key, passed=differing == 0,
        severity=dg.AssetCheckSeverity.ERROR, metadata=metadata,
    )  # fmt: skip


@dg.multi_asset(specs=[BALANCE], name="read_balances")
def read_balances(
    installation: Installation, erp: Erp, post_run: JobRun
) -> dg.MaterializeResult[None]:
    """Ask the ERP for its own balance of each account: the other side of the reconciliation.

    The first time also for what it held before our first month, which is not ours to explain.
    """
    accounts = carried = 0
    with closing(installation.connect("poster")) as connection:
        for entity in builds.entities(connection) if erp.is_configured else []:
            carried += mirror.carry_in(connection, erp.ledger(), entity)
            balances = erp.ledger().balances(entity, post_run.as_of)
            accounts += ledger.record_erp_balances(connection, entity, post_run.as_of, balances)
        connection.commit()
        # A file keeps it, and Dagster in another database: a chain that is rebuilt or cut off no
        # longer fits.
        anchor = installation.keep_anchor(connection)
    metadata: dict[str, Any] = {
        "accounts": accounts, "carried_in": carried, "audit_anchor": anchor,
    }  # fmt: skip
    return dg.MaterializeResult(asset_key=BALANCE.key, metadata=metadata)


@dg.multi_asset(
    specs=[FOREIGN_LINE],
    name="read_foreign_lines",
    check_specs=[
        dg.AssetCheckSpec(
            "nothing_unexplained", asset=FOREIGN_LINE.key, blocking=False,
            description="Nobody else entered anything on our accounts that nobody explained.",
        )
    ],
)  # fmt: skip
def read_foreign_lines(
    installation: Installation, erp: Erp, post_run: JobRun
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read all lines on our accounts, and keep those that are not ours as exceptions."""
    del post_run  # asked for because it keeps a second post run out
    with closing(installation.connect("poster")) as connection:
        entities = builds.entities(connection) if erp.is_configured else []
        counts = [mirror.read_foreign_lines(connection, erp.ledger(), e) for e in entities]
        waiting = read_back.foreign_lines(connection, "unexplained")
    metadata: dict[str, Any] = {
        "foreign_lines": sum(one.foreign for one in counts),
        "new": sum(one.new for one in counts),
        "gone": sum(one.gone for one in counts),
        "unexplained": foreign_table(waiting),
    }
    yield dg.MaterializeResult(asset_key=FOREIGN_LINE.key, metadata=metadata)
    yield dg.AssetCheckResult(
        check_name="nothing_unexplained", asset_key=FOREIGN_LINE.key, passed=not waiting,
        severity=dg.AssetCheckSeverity.ERROR, metadata=metadata,
    )  # fmt: skip
