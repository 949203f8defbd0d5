-- T1: every landed file, written back from what was read, is the archived file byte for byte.
select
    source as scope,
    count(*)::numeric as left_amount,
    (count(*) filter (where is_reserialised))::numeric as right_amount,
    count(*) filter (where not is_reserialised) as breaks
from ops.received_file
where outcome = 'landed'
group by source
order by source
