-- Takes up an entry that is sending or unknown again, once its old lease and quiet time are
-- over.
create or replace function ledger.resume_sending(
    p_entry_id bigint, p_lease numeric default 600, p_quiet numeric default 600,
    p_is_unique boolean default false
)
returns table (entry_no bigint, erp_key text, entity_code text, accounting_date date,
               approval_class text, generation integer, part integer, gross_amount numeric,
               fence bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    held ledger.entry;
begin
    select * into held from ledger.entry where entry_id = p_entry_id for update;
    if held.state is null or held.state not in ('sending', 'unknown') then
        raise exception 'TIEOUT STATE: entry % is not being sent', p_entry_id;
    elsif not ledger.quiet_time_is_over(p_entry_id)
        and not (p_is_unique and ledger.sender_is_gone(p_entry_id)
                 and (select has_unique_reference from ledger.installation)) then
        raise exception 'TIEOUT LEASED: entry % may still be under way', p_entry_id;
    end if;
    perform ledger.check_resend(held);
    if held.state = 'unknown' then
        update ledger.entry set state = 'sending', state_reason = null
        where entry_id = p_entry_id;
    end if;
    perform ledger.write_audit('resume', p_entry_id, held.state, 'sending', '{}');
    return query select held.entry_no, held.erp_key, held.entity_code, held.accounting_date,
        held.approval_class, held.generation, held.part, held.gross_amount,
        ledger.take_lease(p_entry_id, p_lease, p_quiet);
end $$;
