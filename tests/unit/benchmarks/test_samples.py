"""What the bench makes of the values it measured."""

import pytest

from benchmarks.performance.judging import at_least_times, at_most_of, told
from benchmarks.performance.samples import Samples, Series, rotated


def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle():
    assert Samples.of([4, 1, 3, 2]).median == 2.5


def test_one_value_is_its_own_median_quartiles_and_percentile():
    samples = Samples.of([7])
    assert (samples.median, samples.quartiles, samples.p99) == (7, (7, 7), 7)


def test_quartiles_and_the_99th_percentile_lie_on_the_line_between_two_values():
    samples = Samples.of(range(101))
    assert samples.quartiles == (25, 75)
    assert samples.p99 == 99
    assert Samples.of([0, 10]).percentile(25) == 2.5


def test_a_ratio_is_taken_round_by_round():
    # A round twice as slow as the others changes nothing of the ratio.
    ours, theirs = Samples.of([1, 1, 2]), Samples.of([10, 10, 20])
    assert theirs.over(ours).values == (10, 10, 10)


def test_a_difference_is_taken_round_by_round():
    assert Samples.of([3, 5]).minus(Samples.of([1, 2])).values == (2, 3)


def test_rounds_that_do_not_match_are_refused():
    with pytest.raises(ValueError):
        Samples.of([1, 2]).over(Samples.of([1]))


def test_samples_are_told_with_their_spread():
    assert str(Samples.of([1, 2, 3, 4, 5])) == "3 (2 to 4)"


def test_each_round_begins_with_the_next_alternative_and_has_all_of_them():
    orders = ["".join(order) for order in rotated("abc", 4)]
    assert orders == ["abc", "bca", "cab", "abc"]


def test_a_series_compares_its_alternatives():
    series = Series("work", "ms", {"ours": Samples.of([2, 4]), "theirs": Samples.of([20, 40])})
    assert series.rounds == 2
    assert series.ratio("theirs", "ours").median == 10


def test_a_target_is_judged_by_the_median():
    assert at_least_times("faster", Samples.of([1, 22, 99]), 22).passed is True
    assert at_least_times("faster", Samples.of([21, 21, 99]), 22).passed is False
    assert at_most_of("time", Samples.of([1, 2, 9]), 2, "ms").passed is True


def test_what_has_no_target_neither_passes_nor_fails():
    figure = told("rate", Samples.of([5]), "req/s")
    assert figure.passed is None
    assert figure.verdict == "–"
