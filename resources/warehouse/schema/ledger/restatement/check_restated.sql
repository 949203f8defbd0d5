-- An order is approved, its hash matches the difference at this moment, and it is carried out
-- once.
create or replace function ledger.check_restated() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    done record;
begin
    for done in
        select order_id, count(*) as events, encode(sha256(convert_to(string_agg(concat_ws('|',
                   event_id, rule, from_version, to_version, after_entry_id::text), chr(10)
                   order by event_id collate "C", after_entry_id), 'UTF8')), 'hex') as events_hash
        from added group by order_id
    loop
        if not exists (select from ledger.restatement_act
                       where order_id = done.order_id and act = 'approved') then
            raise exception 'TIEOUT UNAPPROVED: restatement order % is not approved',
                done.order_id;
        elsif exists (select from added join ledger.restatement_order using (order_id)
                      where order_id = done.order_id and rule <> all(rules))
            or (select what_if_hash <> ledger.restatement_hash(rules)
                from ledger.restatement_order where order_id = done.order_id) then
            raise exception 'TIEOUT CONTENT: restatement order % is about something else',
                done.order_id;
        elsif (select count(*) from ledger.restatement_event
               where order_id = done.order_id) > done.events then
            raise exception 'TIEOUT STATE: restatement order % was carried out', done.order_id;
        end if;
        perform ledger.write_audit('restate', null, 'approved', 'carried out',
            jsonb_build_object('order_id', done.order_id, 'events', done.events,
                'events_hash', done.events_hash));
    end loop;
    return null;
end $$;
