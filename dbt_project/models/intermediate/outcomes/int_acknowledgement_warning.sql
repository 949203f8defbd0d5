-- Claims that an acknowledgement keeps from being paid, and acknowledgements of nothing sent. A
-- rejection is settled by a payment or by a later version that is answered: accepted it is over,
-- rejected it opens again.
select
    'claim' as record_kind, claim_no as ordinal, file_id, segment, entity_code,
    charge_amount as amount,
    case stage
        when 'claim_rejected' then 'CLAIM_REJECTED'
        when 'transmission_rejected' then 'TRANSMISSION_REJECTED'
        else 'NOT_ACKNOWLEDGED'
    end as reason_code,
    case stage
        when 'claim_rejected' then 'a claim sent is accepted into adjudication (X214 STC)'
        when 'transmission_rejected' then 'a transaction sent is accepted (X231 IK5, AK9; TA1)'
        else 'a partner that acknowledges does so for every transaction'
    end as rule,
    case stage
        when 'claim_rejected' then 'rejected with category ' || category_code
            || coalesce(', status ' || status_code, '') || ' in its 277CA'
        when 'transmission_rejected' then 'its transaction was answered with '
            || transmission_disposition
        else 'sent, and nothing has come back'
    end as detail
from {{ ref('int_claim_acknowledgement') }}
where not is_settled
    and (
        stage in ('claim_rejected', 'transmission_rejected')
        or (
            stage = 'sent' and after_version_key is null and has_answering_partner
            and as_of_date - sent_date > {{ var('acknowledgement_days') }}
        )
    )
union all
select
    'x12_transaction', answer.transaction_no * 10000 + answer.segment % 10000, answer.file_id,
    answer.segment, installation.default_entity_code, 0,
    'ACKNOWLEDGEMENT_UNMATCHED', 'an acknowledgement answers something that was sent',
    'no transaction sent has the control numbers that this acknowledgement names'
from {{ ref('int_acknowledgement') }} as answer
cross join {{ ref('stg_ops__installation') }} as installation
where answer.functional_code = 'HC'
    and exists (
        select 1 from {{ ref('stg_clearinghouse__transaction') }} as sent
        where sent.set_id = '837'
            and sent.sender_id = answer.receiver_id and sent.receiver_id = answer.sender_id
    )
    and not exists (
        select 1 from {{ ref('int_acknowledgement_matched') }} as matched
        where matched.file_id = answer.file_id and matched.segment = answer.segment
    )
union all
select
    'x12_transaction', status.transaction_no * 10000 + status.segment % 10000, status.file_id,
    status.segment, installation.default_entity_code, 0,
    'ACKNOWLEDGEMENT_UNMATCHED', 'an acknowledgement answers something that was sent',
    'no claim sent has the account that this status names'
from {{ ref('stg_clearinghouse__status') }} as status
cross join {{ ref('stg_ops__installation') }} as installation
where exists (select 1 from {{ ref('int_transmission') }})
    and not exists (
        select 1 from {{ ref('int_claim_sent') }} as sent
        where sent.account_hash = status.account_hash
    )
