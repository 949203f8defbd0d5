-- Refuses free text with a number of six digits or more: an account, a member or a social security
-- number. Dates like 2026-09-30 and amounts in cents are none.
create or replace function ledger.check_text(p_text text, p_what text) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
    bare constant text := regexp_replace(
        regexp_replace(p_text, '\m\d{4}-\d{2}-\d{2}\M|\m[\d,]+\.\d{2}\M', '', 'g'),
        '(\d)[- ./](?=\d)', '\1', 'g');
begin
    if bare ~ '\d{6}' then
        raise exception 'TIEOUT TEXT: % has a number of six digits or more: it names no patient',
            p_what;
    end if;
end $$;
