"""Test how warnings are collected, in several threads at once."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import pytest

from kmcodec.conversion import heard as module
from kmcodec.conversion.heard import hear_warnings


@pytest.fixture(autouse=True)
def _quiet():
    """Show what is not heard to nobody, and leave nothing behind."""
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        yield shown
    assert module._listeners == 0
    assert module._heard.messages is None


@pytest.fixture
def shown(_quiet):
    """Return what was shown."""
    return _quiet


def warn(text, category=UserWarning):
    """Warn."""
    warnings.warn(text, category, stacklevel=2)


def test_warnings_are_collected(shown):
    """Each message once, in their order, and none is shown."""
    with hear_warnings() as heard:
        for text in ("b", "a", "b", "c"):
            warn(text)
    assert heard == ["b", "a", "c"]
    assert shown == []


@pytest.mark.parametrize(
    ("category", "is_heard"),
    [
        (UserWarning, True),
        (RuntimeWarning, True),
        (DeprecationWarning, False),
        (PendingDeprecationWarning, False),
        (ResourceWarning, False),
        (ImportWarning, False),
    ],
)
def test_what_concerns_users(shown, category, is_heard):
    """The rest is for programmers, and neither told nor shown."""
    with hear_warnings() as heard:
        warn("a", category)
    assert heard == ["a"] * is_heard
    assert shown == []


def test_before_and_after(shown):
    """Outside warnings are shown as ever."""
    warn("before")
    with hear_warnings():
        warn("within")
    warn("after")
    assert [str(one.message) for one in shown] == ["before", "after"]


def test_a_message_is_heard_every_time():
    """In each conversion, though Python would show it once."""
    for _ in range(3):
        with hear_warnings() as heard:
            warn("again")
        assert heard == ["again"]


def test_warnings_that_are_errors():
    """Who made them errors had others in mind than the users of this."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with hear_warnings() as heard:
            warn("a")
        assert heard == ["a"]
        with pytest.raises(UserWarning):
            warn("b")


def test_one_within_another():
    """The inner has what is within, the outer the rest."""
    with hear_warnings() as outer:
        warn("a")
        with hear_warnings() as inner:
            warn("b")
        warn("c")
    assert (outer, inner) == (["a", "c"], ["b"])


def test_an_error_passes(shown):
    """And what follows is shown again."""
    with pytest.raises(ZeroDivisionError), hear_warnings():
        1 / 0  # noqa: B018
    warn("b")
    assert [str(one.message) for one in shown] == ["b"]


def test_filters_are_restored():
    """All that was set before is set after."""
    before = list(warnings.filters), warnings.showwarning
    with hear_warnings(), hear_warnings():
        pass
    assert (list(warnings.filters), warnings.showwarning) == before


@pytest.mark.parametrize("threads", [2, 16])
def test_threads_hear_their_own(shown, threads):
    """Whatever others do meanwhile, and in whatever order they end."""
    start = Barrier(threads)

    def work(number):
        start.wait()
        found = []
        for turn in range(50):
            with hear_warnings() as heard:
                warn(f"{number} {turn}")
                if (number + turn) % 3 == 0:
                    with hear_warnings() as inner:
                        warn("inner")
                    assert inner == ["inner"]
            found += heard
        return found

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(work, range(threads)))
    assert results == [[f"{number} {turn}" for turn in range(50)] for number in range(threads)]
    assert shown == []


def test_threads_that_end_in_another_order(shown):
    """The first to come may be the first to go, and warnings stay with whom they are of."""
    first, second = hear_warnings(), hear_warnings()
    one = first.__enter__()

    def listen():
        nonlocal other
        other = second.__enter__()
        warn("second")

    other = []
    thread = Thread(target=listen)
    thread.start()
    thread.join()
    warn("first")
    first.__exit__(None, None, None)
    warn("nobody's")

    def leave():
        second.__exit__(None, None, None)

    thread = Thread(target=leave)
    thread.start()
    thread.join()
    warn("after")

    assert (one, other) == (["first"], ["second"])
    assert [str(warning.message) for warning in shown] == ["nobody's", "after"]


def test_a_thread_that_does_not_listen(shown):
    """Its warnings are shown."""
    with hear_warnings() as heard:
        thread = Thread(target=warn, args=("elsewhere",))
        thread.start()
        thread.join()
    assert heard == []
    assert [str(warning.message) for warning in shown] == ["elsewhere"]
