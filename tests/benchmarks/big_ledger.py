"""A ledger of any size for measuring: years of posted entries, written by SQL as the owner.

Triggers are off while the base is written, for speed and in the benchmark's own database only.
What a day brings is desired as dbt desires it, and goes the ordinary way.
"""

from dataclasses import dataclass
from datetime import timedelta

from psycopg import sql

from tests.fixtures.books import AS_OF, Books

LINES_A_DAY = 1000
QUIET_DAYS = 9  # between the base and the as-of date: there the new days lie

ONE_EVENT = """
create temporary table base_event as
select md5('base' || n) as event_id, %(first)s::date + n / %(per_day)s as day,
       case when n %% 2 = 0 then 'NLH' else 'NPG' end as entity_code,
       (array['MAIN', 'EAST', 'NONE'])[1 + n %% 3] as facility_code,
       (array['medicare', 'commercial', 'none', 'medicaid'])[1 + n %% 4] as payer_class,
       md5('claim' || n / 3) as claim_key, md5('account' || n / 4) as account_key,
       (1 + n::bigint * 7919 %% 90000)::numeric(14, 2) / 100 as amount
from generate_series(0, %(events)s - 1) as n
"""
ENTRIES = """
insert into ledger.entry (entity_code, accounting_date, approval_class, generation, part, state,
    build_id, content_hash, erp_key, entry_no, proposed_by, proposed_at, line_count, gross_amount,
    made_by_xid)
select entity_code, day, 'none', 1, 1, 'posted', 'base', md5(entity_code || day),
       md5('key' || entity_code || day), row_number() over (partition by entity_code order by day),
       'preparer', day, 2 * count(distinct (facility_code, payer_class)), sum(amount),
       pg_current_xact_id()
from base_event group by entity_code, day order by day, entity_code
"""
SIDES = """
create temporary table base_side as
select entry.entry_id, event.*, side.account, (event.amount * side.sign)::numeric(14, 2) as signed,
       dense_rank() over (partition by entry.entry_id
           order by side.account, event.facility_code, event.payer_class)::integer as line_no
from base_event as event
join ledger.entry as entry on (entry.entity_code, entry.accounting_date) = (event.entity_code, day)
cross join (values ('1050', 1), ('1110', -1)) as side (account, sign)
"""
LINES = """
insert into ledger.entry_line
select entry_id, line_no, 'JR05', account, facility_code, payer_class,
       date_trunc('month', day)::date, greatest(sum(signed), 0), greatest(-sum(signed), 0), null
from base_side group by entry_id, line_no, account, facility_code, payer_class, day
"""
EVENTS = """
insert into ledger.entry_event
select entry_id, line_no, event_id || account, event_id, 'remit.paid', 'JR05', 'v1', account,
       signed, entity_code, facility_code, payer_class, claim_key, account_key, null, day,
       md5(event_id), null, 7, null
from base_side
"""
DOCUMENTS = """
insert into ledger.erp_document (entry_id, erp, document_ref, document_number, state, posted_on,
    read_at, matches)
select entry_id, 'tryton', 'ref-' || entry_id, 'no-' || entry_id, 'posted', accounting_date,
       clock_timestamp(), true
from ledger.entry
"""
NUMBERS = """
insert into ledger.entry_number
select entity_code, max(entry_no) from ledger.entry group by entity_code
"""
DEMANDED = """
insert into marts.fct_ledger_line
select line_id, event_id, event, rule, rule_version, account, signed_amount, entity_code,
       facility_code, payer_class, claim_key, account_key, control_key, 'none', original_date,
       true, evidence_hash, null, segment, null
from ledger.entry_event
"""
HEADERS = """
insert into marts.fct_billing_event
select distinct event_id, rule, rule_version, entity_code, original_date
from marts.fct_ledger_line as line
where not exists (select from marts.fct_billing_event as held where held.event_id = line.event_id)
"""
INDEXES = """
create unique index on marts.fct_ledger_line (line_id);
create index on marts.fct_ledger_line (event_id);
create index on marts.fct_ledger_line (claim_key);
create index on marts.fct_ledger_line (entity_code, original_date, left(md5(event_id), 1));
create unique index on marts.fct_billing_event (event_id);
analyze marts.fct_ledger_line, marts.fct_billing_event
"""
# Nine of ten events are new and of the day; one of ten changes an amount somewhere in the base.
NEW = """
insert into marts.fct_ledger_line
select md5(%(day)s::text || n) || account, md5(%(day)s::text || n), 'remit.paid', 'JR05', 'v1',
       account, (sign * (1 + n %% 500)), case when n %% 2 = 0 then 'NLH' else 'NPG' end, 'MAIN',
       (array['medicare', 'commercial'])[1 + n %% 2], md5('claim' || n), md5('account' || n),
       null, 'none', %(day)s::date, true, md5('evidence' || n), null, 7, null
from generate_series(1, %(events)s) as n
cross join (values ('1050', 1), ('1110', -1)) as side (account, sign)
"""
CHANGED = """
update marts.fct_ledger_line set signed_amount = signed_amount + sign(signed_amount)
where event_id in (select md5('base' || (n::bigint * 104729 + %(shift)s) %% %(base)s)
                   from generate_series(1, %(events)s) as n)
"""


@dataclass
class BigLedger:
    """A base of recorded lines, and days on top of it."""

    books: Books
    lines: int
    days: int = 0

    def write_base(self) -> None:
        """Write the base: posted entries with lines, evidence and documents, and the demand."""
        first = AS_OF - timedelta(days=self.lines // LINES_A_DAY + QUIET_DAYS)
        with self.books.database.admin(autocommit=False) as admin:
            admin.execute("insert into ops.build (build_id, as_of_date, started_at)"
                          " values ('base', %s, now())", [AS_OF])  # fmt: skip
            admin.execute("set session_replication_role = replica")
            admin.execute(ONE_EVENT, {"first": first, "per_day": LINES_A_DAY // 2,
                                      "events": self.lines // 2})  # fmt: skip
            for statement in (ENTRIES, SIDES, LINES, EVENTS, DOCUMENTS, DEMANDED, HEADERS):
                admin.execute(statement.encode())
            admin.execute(NUMBERS)
            admin.execute("set session_replication_role = origin")
        self.books.by("transform").execute(INDEXES.encode())
        with self.books.as_owner() as owner:
            for name in ("entry", "entry_line", "entry_event", "erp_document"):
                owner.execute(sql.SQL("analyze ledger.{}").format(sql.Identifier(name)))
            owner.execute("select ledger.rebuild_recorded()")
            owner.execute("analyze ledger.recorded_digest")

    def demand_day(self, lines: int) -> None:
        """Demand a day's lines on top: nine of ten new, one of ten a correction of the base."""
        self.days += 1
        run = self.books.by("transform").execute
        new = {"day": AS_OF - timedelta(days=QUIET_DAYS - self.days), "events": lines * 9 // 20}
        run(NEW.replace("|| n)", f"|| n || 'd{self.days}')").encode(), new)
        run(HEADERS.encode())
        run(CHANGED, {"shift": self.days * 31, "base": self.lines // 2, "events": lines // 20})
