-- Each answer with the transactions that it answers. Control numbers come again after some years:
-- what the partner was sent last before the answer counts. Another partner's only where no other
-- transaction has the number.
with

sent as (
    select * from {{ ref('stg_clearinghouse__transaction') }}
    where set_id = '837'
),

candidates as (
    select answer.file_id, answer.segment, sent.file_id as sent_file_id,
        sent.transaction_no as sent_transaction_no
    from {{ ref('int_acknowledgement') }} as answer
    inner join sent on answer.interchange_control = sent.interchange_control
    where answer.scope = 'interchange'
    union all
    select answer.file_id, answer.segment, sent.file_id, sent.transaction_no
    from {{ ref('int_acknowledgement') }} as answer
    inner join sent on answer.group_control = sent.group_control
    where answer.scope = 'group' and answer.functional_code = 'HC'
    union all
    select answer.file_id, answer.segment, sent.file_id, sent.transaction_no
    from {{ ref('int_acknowledgement') }} as answer
    inner join sent
        on answer.group_control = sent.group_control
        and answer.transaction_control = sent.transaction_control
    where answer.scope = 'set' and answer.functional_code = 'HC'
),

judged as (
    select
        answer.*,
        candidates.sent_file_id, candidates.sent_transaction_no,
        sent.sender_id = answer.receiver_id and sent.receiver_id = answer.sender_id as is_partner,
        sent.interchange_date as sent_date,
        count(*) over (partition by answer.file_id, answer.segment) as candidate_count
    from candidates
    inner join {{ ref('int_acknowledgement') }} as answer
        on candidates.file_id = answer.file_id and candidates.segment = answer.segment
    inner join sent
        on candidates.sent_file_id = sent.file_id
        and candidates.sent_transaction_no = sent.transaction_no
    where coalesce(sent.interchange_date <= answer.answered_date, true)
),

ranked as (
    select
        *,
        dense_rank() over (
            partition by file_id, segment
            order by is_partner desc nulls last, sent_date desc nulls last
        ) as sent_rank
    from judged
    where is_partner or candidate_count = 1
)

select * from ranked
where sent_rank = 1
