-- An entry begins as a proposal of the session's login; afterwards its state, build and number
-- alone change, by the steps of `ledger.transition`.
create or replace function ledger.guard_entry() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    may_change text[] := array['state', 'state_reason', 'build_id', 'entry_no'];
begin
    if tg_op = 'INSERT' then
        if new.state <> 'proposed' or new.entry_no is not null then
            raise exception 'TIEOUT STATE: an entry begins as a proposal';
        end if;
        new.proposed_by := session_user;
        new.proposed_at := clock_timestamp();
        new.made_by_xid := pg_current_xact_id();
        return new;
    end if;
    if (to_jsonb(new) - may_change) <> (to_jsonb(old) - may_change) then
        raise exception 'TIEOUT IMMUTABLE: what entry % says never changes', old.entry_id;
    elsif new.build_id <> old.build_id
        and not (old.state = new.state and old.state in ('proposed', 'approved', 'rejected')) then
        raise exception 'TIEOUT IMMUTABLE: entry % has been sent', old.entry_id;
    elsif new.build_id <> old.build_id and (
        select newer.started_at < older.started_at from ops.build as newer, ops.build as older
        where newer.build_id = new.build_id and older.build_id = old.build_id) then
        raise exception 'TIEOUT IMMUTABLE: entry % stands on a newer build', old.entry_id;
    elsif new.entry_no is distinct from old.entry_no
        and not (old.state = 'approved' and new.state = 'sending' and old.entry_no is null) then
        raise exception 'TIEOUT IMMUTABLE: the number of entry % never changes', old.entry_id;
    elsif new.state <> old.state then
        perform ledger.guard_step(old, new);
    end if;
    return new;
end $$;
