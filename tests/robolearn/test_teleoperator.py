from robolearn.teleoperator import Event, StopLatch


def test_a_stop_is_remembered_until_a_command_says_it():
    latch = StopLatch()
    assert not latch.hear(None)
    assert latch.hear(Event.STOP)
    assert latch.hear(None)
    assert latch.pass_on(Event.SUCCESS) is Event.STOP
    assert latch.pass_on(Event.SUCCESS) is Event.SUCCESS
    assert latch.pass_on(None) is None


def test_other_words_are_not_remembered():
    latch = StopLatch()
    assert not latch.hear(Event.SUCCESS)
    assert latch.pass_on(None) is None
    assert latch.pass_on(Event.STOP) is Event.STOP
    assert latch.pass_on(None) is None
