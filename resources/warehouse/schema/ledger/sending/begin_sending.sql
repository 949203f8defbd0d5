-- Moves an approved entry that nothing holds to `sending`, under a new lease and fence; returns
-- what the sender sends.
create or replace function ledger.begin_sending(
    p_entry_id bigint, p_lease numeric default 600, p_quiet numeric default 600
)
returns table (entry_no bigint, erp_key text, entity_code text, accounting_date date,
               approval_class text, generation integer, part integer, gross_amount numeric,
               fence bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    held ledger.entry;
    number_ bigint;
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is distinct from 'approved' then
        raise exception 'TIEOUT STATE: entry % is %', p_entry_id, coalesce(held.state, 'unknown');
    end if;
    number_ := held.entry_no;
    if number_ is null then
        insert into ledger.entry_number as number (entity_code, last_no)
        values (held.entity_code, 1)
        on conflict (entity_code) do update set last_no = number.last_no + 1
        returning number.last_no into number_;
        insert into ledger.document_anchor (entry_id, entity_code, anchored_on, seq, hash)
        select p_entry_id, held.entity_code, (clock_timestamp() at time zone 'UTC')::date,
               head.seq, head.hash
        from ledger.audit_head as head
        on conflict (entity_code, anchored_on) do nothing;
    end if;
    update ledger.entry set state = 'sending', entry_no = number_, state_reason = null
    where entry_id = p_entry_id;
    return query select number_, held.erp_key, held.entity_code, held.accounting_date,
        held.approval_class, held.generation, held.part, held.gross_amount,
        ledger.take_lease(p_entry_id, p_lease, p_quiet);
end $$;
