-- Both sides of an opening list per entity and control account; they are equal before it is
-- approved.
create or replace view ledger.opening_tie as
select list_id, entity_code, account, coalesce(listed.amount, 0) as listed_amount,
       stated.stated_amount,
       coalesce(listed.amount, 0) - coalesce(stated.stated_amount, 0) as difference_amount
from (select line.list_id, line.entity_code, kind.account, sum(line.amount * kind.side) as amount
      from ledger.opening_line as line join ledger.opening_kind as kind using (account_kind)
      group by 1, 2, 3) as listed
full join ledger.opening_balance as stated using (list_id, entity_code, account);
