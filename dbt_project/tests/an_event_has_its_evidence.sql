-- An event without an archived file is a decision of people, and no other.
select events.event_id
from {{ ref('fct_billing_event') }} as events
inner join {{ ref('posting_rules') }} as rules on events.event = rules.event
where events.file_id is null and rules.accounting_date <> 'decided_date'
