-- The schemas that the owner owns, and what of these files was applied.
create schema raw;
create schema ops;
create schema ledger;

-- Each file of schema/tables that was applied, once and for ever.
create table ops.schema_change (
    -- the number and the subject of the change
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null
);

-- Each function, view and set of triggers, by the text that was applied last.
create table ops.schema_object (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null
);
