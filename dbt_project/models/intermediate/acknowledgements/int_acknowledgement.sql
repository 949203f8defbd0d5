-- Each answer to what was sent with the control numbers it names: of one transaction (IK5, AK5), of
-- a whole group (AK9) or of an interchange (TA1).
with

statements as (
    select
        said.*,
        transaction.sender_id, transaction.receiver_id, transaction.content_hash,
        transaction.interchange_date as answered_date,
        max(case when said.segment_id = 'AK1' then said.segment end) over so_far as group_segment,
        max(case when said.segment_id = 'AK2' then said.segment end) over so_far as set_segment
    from {{ ref('stg_clearinghouse__acknowledgement') }} as said
    inner join {{ ref('stg_clearinghouse__transaction') }} as transaction
        on said.file_id = transaction.file_id and said.transaction_no = transaction.transaction_no
    window so_far as (partition by said.file_id, said.transaction_no order by said.segment)
)

select
    answer.file_id, answer.segment, answer.transaction_no, answer.answered_date,
    answer.sender_id, answer.receiver_id, answer.content_hash,
    answer.disposition, answer.reason_codes,
    case answer.segment_id when 'TA1' then 'interchange' when 'AK9' then 'group' else 'set' end
        as scope,
    case when answer.segment_id = 'TA1' then answer.acknowledged_control end
        as interchange_control,
    of_group.acknowledged_control as group_control,
    of_set.acknowledged_control as transaction_control,
    of_group.functional_code
from statements as answer
left join {{ ref('stg_clearinghouse__acknowledgement') }} as of_group
    on answer.file_id = of_group.file_id and answer.group_segment = of_group.segment
left join {{ ref('stg_clearinghouse__acknowledgement') }} as of_set
    on answer.file_id = of_set.file_id and answer.set_segment = of_set.segment
    and answer.segment_id in ('IK5', 'AK5')
where answer.segment_id in ('IK5', 'AK5', 'AK9', 'TA1') and answer.disposition is not null
