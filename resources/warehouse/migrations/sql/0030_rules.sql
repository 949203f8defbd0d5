-- Entities say on which accounting basis they stand, what proves their charges, and how their
-- allowances are estimated. The policy file is loaded into it; the pipeline reads it.
alter table ops.entity
    add column accounting_basis text not null default 'ASC606'
        check (accounting_basis in ('ASC606', 'GASB')),
    add column charge_source text not null default 'auto'
        check (charge_source in ('auto', 'charge_feed', 'claims')),
    add column reserve_method text not null default 'rate_by_age'
        check (reserve_method in ('rate_by_age', 'expected_yield'));
insert into ops.reason_code values
('CLAIMS_ARE_CHARGES', 'one source proves the charges of an entity',
 'the entity charges by its claims; the charge of the feed is evidence and posts nothing');
