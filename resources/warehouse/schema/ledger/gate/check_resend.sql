-- Why an entry that was sent before may not be sent again.
create or replace function ledger.check_resend(held ledger.entry) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if not ledger.period_takes(held.entry_id, held.entity_code, held.accounting_date,
                               held.approval_class) then
        raise exception 'TIEOUT HELD: entry % is held: PERIOD', held.entry_id;
    elsif exists (select from ops.certificate where build_id = held.build_id
                  and (voided_at is not null or not passes)) then
        raise exception 'TIEOUT HELD: entry % is held: CERTIFICATE', held.entry_id;
    elsif exists (select from ledger.sending cross join ledger.installation
                  where entry_id = held.entry_id and attempts >= most_attempts) then
        raise exception 'TIEOUT POISON: entry % was tried often enough', held.entry_id;
    end if;
end $$;
