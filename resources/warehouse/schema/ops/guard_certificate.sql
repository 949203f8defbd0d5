-- A certificate is voided once and changes in no other way.
create or replace function ops.guard_certificate() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if old.voided_at is not null or new.voided_at is null
       or (to_jsonb(new) - 'voided_at' - 'void_reason')
          <> (to_jsonb(old) - 'voided_at' - 'void_reason') then
        raise exception 'TIEOUT IMMUTABLE: a certificate is voided once and never changed';
    end if;
    return new;
end $$;
