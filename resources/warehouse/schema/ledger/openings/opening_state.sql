-- Opening lists with their state and who decided.
create or replace view ledger.opening_state as
select list.*, case
    when exists (select from ledger.opening_act as act
                 where act.list_id = list.list_id and act.act <> 'approved')
        then (select max(act) from ledger.opening_act as act
              where act.list_id = list.list_id and act.act <> 'approved')
    when exists (select from ledger.opening_act as act
                 where act.list_id = list.list_id and act.is_last) then 'approved'
    else 'open' end as state,
    (select count(*) from ledger.opening_act as act
     where act.list_id = list.list_id and act.act = 'approved') as approvals,
    (select max(acted_at) from ledger.opening_act as act
     where act.list_id = list.list_id and act.is_last) as approved_at
from ledger.opening_list as list;
