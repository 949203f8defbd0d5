-- Opening balances: the lines of approved conversion lists. They stay in the sub-ledger, for the
-- ERP has them already.
select
    event,
    'opening|' || list_id || '|' || line_no as business_key,
    entity_code,
    facility_code,
    payer_class,
    case when event in ('opening.receivable.payer', 'opening.credit.payer') then subject_key end
        as claim_key,
    subject_key as account_key,
    'opening ' || list_id as control_key,
    amount,
    cutover_date as event_date,
    cast(null as uuid) as file_id,
    cast(null as integer) as segment,
    approved_at as known_at
from {{ ref('stg_ledger__opening_line') }}
