-- T13: the posting suspense (9010) is empty. It is not, while a code without a rule is open.
select
    entity_code || '/9010' as scope,
    sum(signed_amount) as left_amount,
    0 as right_amount,
    count(distinct event_id) filter (where signed_amount <> 0) as breaks
from marts.fct_ledger_line
where account = '9010'
group by entity_code
order by 1
