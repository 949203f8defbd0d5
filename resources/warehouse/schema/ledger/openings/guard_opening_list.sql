-- Seals an opening list with the session's login and the hash of its content.
create or replace function ledger.guard_opening_list() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    problem text;
begin
    if ledger.basis_of(session_user) = 'policy' then
        raise exception 'TIEOUT NOT_A_PERSON: % does not act for a person', session_user;
    elsif exists (select from ledger.opening_state
                  where file_sha256 = new.file_sha256 and state in ('open', 'approved')) then
        raise exception 'TIEOUT DUPLICATE: this file was loaded before';
    end if;
    new.loaded_by := session_user;
    new.loaded_at := clock_timestamp();
    select count(*), sum(amount) into new.line_count, new.gross_amount
    from ledger.opening_line where list_id = new.list_id;
    if new.line_count = 0 then
        raise exception 'TIEOUT NO_LINES: the list is empty';
    end if;
    select min(entity_code) into problem from (
        select entity_code from ledger.opening_line where list_id = new.list_id
        group by entity_code having count(distinct cutover_date) > 1) as several;
    if problem is not null then
        raise exception 'TIEOUT CUTOVER: % has more than one cut-over date', problem;
    elsif exists (select from ledger.opening_line where list_id = new.list_id
                  and cutover_date > (select as_of_date from ops.installation)) then
        raise exception 'TIEOUT CUTOVER: a cut-over after the as-of date';
    end if;
    new.content_hash := ledger.opening_hash(new);
    return new;
end $$;
