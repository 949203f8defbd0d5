-- Each 837 transaction sent with the answer that counts: the rejection of its whole group, else the
-- one that names it, else its group's, else its interchange's; of these the newest, and on one day
-- the rejection.
{{ config(indexes=[{'columns': ['file_id', 'transaction_no'], 'unique': true}]) }}

with

answers as (
    select
        *,
        disposition in ('R', 'M', 'W', 'X') as is_rejection,
        row_number() over (
            partition by sent_file_id, sent_transaction_no
            order by
                case
                    when scope = 'group' and disposition in ('R', 'M', 'W', 'X') then 0
                    when scope = 'set' then 1
                    when scope = 'group' then 2
                    else 3
                end,
                answered_date desc nulls last,
                disposition in ('R', 'M', 'W', 'X') desc,
                content_hash, segment
        ) as answer_rank
    from {{ ref('int_acknowledgement_matched') }}
),

partners as (
    select distinct sender_id, receiver_id
    from {{ ref('int_acknowledgement_matched') }}
)

select
    sent.file_id, sent.transaction_no, sent.segment, sent.content_hash,
    sent.sender_id, sent.receiver_id,
    sent.interchange_control, sent.group_control, sent.transaction_control,
    sent.interchange_date as sent_date,
    answers.scope as answer_scope,
    answers.disposition,
    answers.reason_codes,
    answers.answered_date,
    coalesce(answers.is_rejection, false) as is_rejected,
    partners.sender_id is not null as has_answering_partner
from {{ ref('stg_clearinghouse__transaction') }} as sent
left join answers
    on sent.file_id = answers.sent_file_id
    and sent.transaction_no = answers.sent_transaction_no
    and answers.answer_rank = 1
left join partners
    on sent.sender_id = partners.receiver_id and sent.receiver_id = partners.sender_id
where sent.set_id = '837'
