-- What a 999, 997 or TA1 says of a group, a transaction or an interchange; reasons in one text.
select
    file_id,
    segment,
    transaction_no,
    segment_id,
    nullif(ltrim(trim(max(acknowledged_control)), '0'), '') as acknowledged_control,
    upper(trim(max(functional_code))) as functional_code,
    upper(trim(max(disposition))) as disposition,
    string_agg(nullif(trim(reason_code), ''), ',' order by repetition) as reason_codes
from {{ source('raw', 'x12_acknowledgement') }}
where segment_id in ('AK1', 'AK2', 'AK5', 'IK5', 'AK9', 'TA1')
group by file_id, segment, transaction_no, segment_id
