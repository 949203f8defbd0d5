-- Lines of approved manual entries, and once more with the sides exchanged on the first day of the
-- next month where that was asked; not before the as-of date has come to that day.
select
    line.event,
    'request|' || line.request_id || occasion.suffix as business_key,
    line.line_no,
    line.account,
    line.entity_code,
    line.facility_code,
    line.payer_class,
    line.claim_key,
    line.account_key,
    coalesce(line.control_key, 'request ' || line.request_id) as control_key,
    occasion.sign * line.signed_amount as signed_amount,
    line.approval_class,
    occasion.event_date,
    line.content_hash,
    line.decided_at as known_at
from {{ ref('stg_ledger__request_line') }} as line
cross join {{ ref('stg_ops__installation') }} as installation
cross join lateral (
    values
    ('', 1, line.accounting_date, true),
    (
        '|reversal', -1, cast({{ month_of('line.accounting_date') }} + interval '1 month' as date),
        line.is_auto_reversed
    )
) as occasion (suffix, sign, event_date, is_wanted)
where occasion.is_wanted and occasion.event_date <= installation.as_of_date
