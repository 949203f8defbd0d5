-- A person accepts or rejects a third-party ERP line, with a reason.
create or replace function ledger.judge_foreign_line(p_line bigint, p_decision text, p_reason text)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    held ledger.foreign_line;
    is_accepted boolean;
begin
    perform ledger.check_person();
    select * into held from ledger.foreign_line where foreign_line_id = p_line for update;
    if not found then
        raise exception 'TIEOUT NO_LINE: there is no line % of the ERP', p_line;
    elsif held.gone_at is not null then
        raise exception 'TIEOUT GONE: line % is no longer in the ERP', p_line;
    elsif coalesce(btrim(p_reason), '') = '' then
        raise exception 'TIEOUT REASON: explaining a line of the ERP needs a reason';
    end if;
    select state = 'accepted' into is_accepted from ledger.foreign_state
    where foreign_line_id = p_line;
    if is_accepted = (p_decision = 'accepted') then
        raise exception 'TIEOUT STATE: line % is % already', p_line,
            case when is_accepted then 'accepted' else 'unexplained' end;
    end if;
    insert into ledger.foreign_judgement (foreign_line_id, decision, reason)
    values (p_line, p_decision, p_reason);
    perform ledger.write_audit('judge foreign line', null, null, p_decision,
        jsonb_build_object('foreign_line_id', p_line, 'entity_code', held.entity_code,
            'account', held.account, 'amount', held.debit_amount - held.credit_amount));
    perform ledger.sync_foreign_exceptions(held.entity_code);
end $$;
