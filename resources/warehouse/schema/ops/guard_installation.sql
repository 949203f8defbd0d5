-- The as-of date moves back only by a decision of the same transaction, once anything was built;
-- the fingerprint of the hash key is kept once and never changes.
create or replace function ops.guard_installation() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.as_of_date < old.as_of_date and exists (select from ops.build) and not exists (
        select from ledger.as_of_act
        where made_by_xid = pg_current_xact_id() and step = 'approve'
          and (from_date, to_date) = (old.as_of_date, new.as_of_date)) then
        raise exception 'TIEOUT AS_OF: the as-of date is %, and moves back to % by two people'
            ' alone: see tieout period as-of', old.as_of_date, new.as_of_date;
    elsif old.hash_key_fingerprint is not null
        and new.hash_key_fingerprint is distinct from old.hash_key_fingerprint then
        raise exception 'TIEOUT HASH_KEY: TIEOUT_HASH_KEY is not the key that the numbers in this'
            ' database were hashed with: bring that key back (secrets.env or its backup)';
    end if;
    return new;
end $$;
