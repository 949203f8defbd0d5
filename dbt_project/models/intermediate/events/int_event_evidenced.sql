-- Every event that a received record or a recorded decision proves. Events of no money are no events.
with

events as (
    select * from {{ ref('int_event_charge') }}
    union all
    select * from {{ ref('int_event_remittance') }}
    union all
    select * from {{ ref('int_event_bank') }}
    union all
    select * from {{ ref('int_event_card') }}
    union all
    select * from {{ ref('int_event_request') }}
)

select *
from events
where amount <> 0
