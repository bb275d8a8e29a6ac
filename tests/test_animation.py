"""How frames follow one another: durations kept exactly, loops and key frames."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcodec.animation import Animation, Runs

MOST = 2**32 - 1


def animation(durations, loop=0, key_interval=1):
    """Make one of durations in milliseconds, of any type that is a number."""
    return Animation.of([Fraction(duration) for duration in durations], loop, key_interval)


@pytest.mark.parametrize(
    ("durations", "ticks_per_second", "runs"),
    [
        ([100, 100, 100], 10, ((1, 3),)),
        ([100, 70, 70, 100], 100, ((10, 1), (7, 2), (10, 1))),
        ([0, 0], 1, ((0, 2),)),
        ([1000, 0], 1, ((1, 1), (0, 1))),
        ([Fraction(1000, 30), Fraction(1000, 30)], 30, ((1, 2),)),
        ([Fraction(1001, 30), Fraction(1001, 60)], 60000, ((2002, 1), (1001, 1))),
        ([Fraction(1000, 24), Fraction(1000, 25)], 600, ((25, 1), (24, 1))),
    ],
)
def test_ticks_are_the_longest_that_hold_all_durations(durations, ticks_per_second, runs):
    """Durations are exact, in the fewest ticks a second, and equal neighbors are one run."""
    made = animation(durations)

    assert made.ticks_per_second == ticks_per_second
    assert tuple(made.runs) == runs
    assert [made.duration(frame) for frame in range(len(durations))] == durations
    assert made.frame_count == len(durations)
    assert made.total == sum(durations)


@settings(max_examples=50)
@given(st.lists(st.fractions(0, 10**5, max_denominator=12), min_size=2, max_size=9))
def test_durations_come_back(durations):
    """Whatever is not beyond the ticks of a file comes back exactly."""
    made = animation(durations)

    assert [made.duration(frame) for frame in range(len(durations))] == durations


def test_durations_that_no_file_holds_are_rounded():
    """Where ticks would be too many, all durations are rounded to microseconds."""
    primes = [Fraction(1000, prime) for prime in (65521, 65537, 3)]
    made = animation(primes)

    assert made.ticks_per_second <= 1_000_000
    for frame, exact in enumerate(primes):
        assert abs(made.duration(frame) - exact) <= Fraction(1, 2000)


def test_long_durations_among_short_ones_are_rounded_to_milliseconds():
    """Where there would be too many microseconds, milliseconds are what is left."""
    for long in (86_400_000, MOST):
        made = animation([long, Fraction(1000, 65537)])

        assert [made.duration(0), made.duration(1)] == [long, 0]


@pytest.mark.parametrize(
    ("durations", "loop", "key_interval", "fault"),
    [
        ([], 0, 1, "frame_count 0"),
        ([100], 0, 1, "frame_count 1"),
        ([100, 100], -1, 1, "loop_count -1"),
        ([100, 100], MOST + 1, 1, "loop_count"),
        ([100, 100], 0, 0, "key_interval 0"),
        ([100, 20, -10], 0, 1, r"duration of frame 2 is -10.0 ms, must be 0 to 4294967295"),
        ([100, 10**30], 0, 1, r"duration of frame 1 is 1e\+30 ms"),
    ],
)
def test_what_no_file_holds_is_refused(durations, loop, key_interval, fault):
    """Numbers that are out of range are named."""
    with pytest.raises(ValueError, match=fault):
        animation(durations, loop, key_interval)


@pytest.mark.parametrize(
    ("runs", "rest", "fault"),
    [
        (((1, 2),), (0, 0, 1), ("ticks_per_second", 2)),
        (((1, 2),), (MOST + 1, 0, 1), ("ticks_per_second", 2)),
        (((1, 2),), (1, 0, 3), ("key_interval", 3)),
        (((1, 2), (1, 1)), (1, 0, 1), ("ticks", 6)),
        (((1, 2), (2, 0)), (1, 0, 1), ("run", 7)),
        (((1, 2**24 + 1),), (1, 0, 1), ("frame_count", 0)),
    ],
)
def test_a_fault_is_named_with_its_place(runs, rest, fault):
    """The first field that breaks a rule is told, and which number of the section it is."""
    found = Animation(Runs.of(runs), *rest).find_fault()

    assert found is not None
    assert (found[0], found[2]) == fault


def test_key_frames_are_multiples_of_their_interval():
    """The key frame before a frame is the nearest, which may be the frame."""
    made = animation([100] * 8, key_interval=3)

    assert [frame for frame in range(8) if made.is_key(frame)] == [0, 3, 6]
    assert [made.key_before(frame) for frame in range(8)] == [0, 0, 0, 3, 3, 3, 6, 6]


def test_a_key_interval_beyond_the_frames_is_the_number_of_frames():
    """A first frame that is the only key frame has one form in a file."""
    assert animation([100] * 3, key_interval=1000) == animation([100] * 3, key_interval=3)


def test_runs_are_a_sequence_of_pairs():
    """Runs are indexed, sliced, compared and shown as the pairs that they are."""
    runs = Runs.of([(5, 1), (0, 7), (2**32 - 1, 2)])

    assert list(runs) == [(5, 1), (0, 7), (2**32 - 1, 2)]
    assert runs[-1] == (2**32 - 1, 2)
    assert list(runs[1:]) == [(0, 7), (2**32 - 1, 2)]
    assert runs == Runs.of(runs)
    assert hash(runs) == hash(Runs.of(runs))
    assert runs != runs[:2]
    assert repr(runs[:1]) == "Runs.of([(5, 1)])"
    with pytest.raises(IndexError):
        runs[3]
