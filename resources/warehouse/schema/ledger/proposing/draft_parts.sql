-- Splits an entry into parts that fit a document. Lines of one rule stay together.
create or replace function ledger.draft_parts() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    most integer := (select entry_lines from ledger.installation);
    unit record;
    grain text := '';
    part_no integer;
    filled integer;
begin
    for unit in
        with line as (
            select distinct entity_code, accounting_date, approval_class, rule, account,
                   facility_code, payer_class, original_period, side
            from draft_event
        ),
        counted as (
            select entity_code, accounting_date, approval_class, rule, count(*) as lines
            from line group by entity_code, accounting_date, approval_class, rule
        )
        select counted.*, concat_ws('|', entity_code, accounting_date, approval_class) as entry
        from (select *, sum(lines) over (
                  partition by entity_code, accounting_date, approval_class) as total
              from counted) as counted
        where total > most order by entry, rule
    loop
        if unit.entry <> grain then
            grain := unit.entry;
            part_no := 1;
            filled := 0;
        end if;
        if filled > 0 and filled + unit.lines > most then
            part_no := part_no + 1;
            filled := 0;
        end if;
        filled := filled + unit.lines;
        if part_no > 1 then
            update draft_event set part = part_no
            where entity_code = unit.entity_code and accounting_date = unit.accounting_date
              and approval_class = unit.approval_class and rule = unit.rule;
        end if;
    end loop;
end $$;
