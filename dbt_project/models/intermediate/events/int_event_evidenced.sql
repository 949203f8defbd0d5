-- Every event that a received record or a decision of people proves. Events of no money are none.
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
    union all
    select * from {{ ref('int_event_estimate') }}
    union all
    select * from {{ ref('int_event_opening') }}
)

select *
from events
where amount <> 0
