-- Account reconciliations that are open; each row blocks the close of its period.
create or replace view ledger.open_reconciliation as
select null::text as entity_code, null::date as period_start, null::text as item,
       null::numeric(14, 2) as amount, null::text as detail
where false;
