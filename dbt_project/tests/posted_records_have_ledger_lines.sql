-- Posted means that ledger lines exist for the record. A claim payment may post through its
-- adjustments alone, whose segments follow its own in the same file.
select outcome.record_id
from {{ ref('int_record_outcome') }} as outcome
where
    outcome.outcome = 'posted'
    and outcome.record_kind in (
        'bank_transaction', 'ehr_charge', 'card_charge', 'card_refund',
        'card_balance_transaction', 'provider_adjustment'
    )
    and not exists (
        select from {{ ref('fct_ledger_line') }} as line
        where line.file_id = outcome.file_id and line.segment = outcome.segment
    )
