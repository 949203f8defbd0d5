-- Writes signatures and their voiding to the audit.
create or replace function ledger.audit_approval() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from added) then
        return null;   -- and the head of the audit is not locked
    end if;
    insert into ledger.audit (action, entry_id, detail)
    select case when tg_op = 'INSERT' then 'sign' else 'void signature' end,
           added.entry_id, jsonb_strip_nulls(jsonb_build_object(
               'approval_id', added.approval_id, 'basis', added.basis,
               'approver', added.approver, 'content_hash', added.content_hash,
               'policy_version', added.policy_version, 'limit_id', added.limit_id,
               'delegation_id', added.delegation_id, 'authority', added.authority,
               'event_amount', added.event_amount, 'entry_amount', added.entry_amount,
               'account_day_amount', added.account_day_amount))
    from added order by added.approval_id;
    return null;
end $$;
