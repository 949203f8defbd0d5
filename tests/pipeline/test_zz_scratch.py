def test_s(pipeline):
    r=pipeline.run("build")
    print(pipeline.failures(r))
    r=pipeline.run("post")
    print(pipeline.failures(r))
    print([(e.step_key,) for e in r.all_events if e.is_step_success])
    assert 0
