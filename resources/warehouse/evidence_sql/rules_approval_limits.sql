-- One row per basis: the limits in force, in US dollars; nothing is no limit.
select
    basis, event_amount as event_limit, entry_amount as entry_limit,
    account_day_amount as account_day_limit
from ledger.approval_limit
order by basis
