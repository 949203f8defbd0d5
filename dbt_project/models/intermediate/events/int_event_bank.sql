-- What the bank proves, and deposits that no remittance explains at their first recorded cut-off
-- (they vanish when the remittance arrives).
with

lines as (
    select * from {{ ref('int_bank_line_outcome') }} where outcome = 'posted'
),

first_cutoffs as (
    select lines.bank_line_key, min(cutoff.cutoff_date) as cutoff_date
    from lines
    cross join {{ ref('stg_ops__installation') }} as installation
    inner join {{ ref('stg_ledger__cutoff') }} as cutoff
        on lines.entity_code = cutoff.entity_code
        and cutoff.cutoff_date between lines.event_date and installation.as_of_date
    where lines.event = 'payer.deposit.received' and not lines.has_remittance
    group by lines.bank_line_key
)

select
    event,
    bank_line_key as business_key,
    entity_code, facility_code, payer_class, cast(null as text) as claim_key,
    cast(null as text) as account_key, coalesce(trace_number, payout_id) as control_key, amount,
    event_date,
    file_id, segment, known_at
from lines
union all
select
    'payer.receipt.unidentified',
    lines.bank_line_key,
    lines.entity_code, lines.facility_code, lines.payer_class, null,
    null, lines.trace_number, lines.amount,
    first_cutoffs.cutoff_date,
    lines.file_id, lines.segment, lines.known_at
from lines
inner join first_cutoffs on lines.bank_line_key = first_cutoffs.bank_line_key
