-- Refuses the step to `sending` while a hold stands. An unknown entry is not held by its own
-- state when its sending is resumed.
create or replace function ledger.guard_step(old ledger.entry, new ledger.entry) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    needed integer;
    reasons text;
begin
    perform from ledger.transition where from_state = old.state and to_state = new.state;
    if not found then
        raise exception 'TIEOUT STATE: entry % does not go from % to %',
            old.entry_id, old.state, new.state;
    end if;
    if new.state = 'approved' then
        select signatures into needed from ledger.approval_class
        where approval_class = old.approval_class;
        if needed is null or ledger.signatures(old.entry_id) < needed then
            raise exception 'TIEOUT UNSIGNED: entry % lacks a signature', old.entry_id;
        end if;
    elsif new.state = 'sending' then
        perform from ledger.period
        where entity_code = old.entity_code
          and old.accounting_date between period_start and period_end
        for share;
        select string_agg(distinct code, ' ') into reasons
        from ledger.hold
        where entry_id = old.entry_id and not (old.state = 'unknown' and code = 'PARKED');
        if reasons is not null then
            raise exception 'TIEOUT HELD: entry % is held: %', old.entry_id, reasons;
        elsif old.state = 'unknown' then
            perform ledger.check_resend(old);
        elsif new.entry_no is null then
            raise exception 'TIEOUT UNNUMBERED: entry % has no number', old.entry_id;
        end if;
    elsif new.state = 'posted' and new.entry_no is null then
        raise exception 'TIEOUT STATE: entry % was never sent', old.entry_id;
    elsif new.state = 'posted' then
        perform from ledger.erp_document where entry_id = old.entry_id;
        if not found then
            raise exception 'TIEOUT NO_DOCUMENT: entry % has no ERP document', old.entry_id;
        end if;
    end if;
end $$;
