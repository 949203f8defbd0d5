def test_s(pipeline):
    import psycopg
    from resources.warehouse import tie_outs
    r=pipeline.run("build")
    for t in tie_outs.TIE_OUTS:
        with psycopg.connect(pipeline.database.server.admin_url(pipeline.database.settings.name)) as c:
            try: print(t.id, c.execute(t.sql).fetchall())
            except Exception as e: print(t.id, e)
    with psycopg.connect(pipeline.database.server.admin_url(pipeline.database.settings.name)) as c:
        print(c.execute("select check_id, kind,severity from ops.check_result where not has_passed").fetchall())
        print(c.execute("select kind, count(*) from ops.check_result group by 1").fetchall())
        print(c.execute("select check_id from ops.expected_check where check_id not in (select check_id from ops.check_result)").fetchall())
        print(c.execute("select * from ops.build").fetchall())
    assert 0
