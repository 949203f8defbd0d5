-- Receivables as the estimates see them: one row per day, item and kind of movement. An item is a
-- claim (payers) or an account (patients); credits that were moved to a liability do not count.
with

lines as (
    select
        line.entity_code, line.account, line.facility_code, line.payer_class,
        case line.account when '1110' then line.claim_key else line.account_key end as item_key,
        line.account_key, line.original_date, line.signed_amount,
        case
            when line.event in (
                'remit.paid', 'patient.payment', 'patient.payment.lockbox',
                'patient.unapplied.applied', 'payer.unapplied.applied'
            ) then 'paid'
            when line.event in (
                'remit.cas.contractual', 'remit.cas.sequestration', 'remit.cas.capitated'
            ) then 'contractual'
            when line.event in ('denial.writeoff', 'baddebt.placed') then 'written_off'
            when line.event like 'opening.%' then 'opening'
            when line.event like 'charge.%'
                or (line.account = '1120' and line.event = 'remit.cas.patient_resp') then 'inflow'
            else 'moved'
        end as kind
    from {{ ref('fct_ledger_line') }} as line
    where line.account in ('1110', '1120') and line.event <> 'credit.reclass.patient'
)

select
    entity_code, account, item_key, kind, original_date,
    min(facility_code) as facility_code,
    min(payer_class) as payer_class,
    min(account_key) as account_key,
    sum(signed_amount) as signed_amount
from lines
where item_key is not null
group by entity_code, account, item_key, kind, original_date
