-- The ERP's balances less our documents and less third-party lines, by account, where not zero.
-- It stays the same while every change in the ERP is read.
create or replace function ledger.unexplained_totals(p_entity text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_object_agg(account, amount::text order by account), '{}')
    from (
        select part.account, sum(part.amount) as amount
        from (
            select account, balance_amount as amount
            from ledger.erp_balance where entity_code = p_entity
            union all
            select line.account, line.credit_amount - line.debit_amount
            from ledger.entry as entry
            join ledger.erp_document as document using (entry_id)
            join ledger.erp_document_line as line using (entry_id)
            where entry.entity_code = p_entity and document.state <> 'missing'
            union all
            select line.account, line.credit_amount - line.debit_amount
            from ledger.foreign_line as line
            where line.entity_code = p_entity and line.gone_at is null
              and line.accounting_date <= (
                select max(as_of_date) from ledger.erp_balance where entity_code = p_entity)
        ) as part
        where part.account in (select account from ledger.erp_balance
                               where entity_code = p_entity)
        group by part.account having sum(part.amount) <> 0
    ) as total
$$;
