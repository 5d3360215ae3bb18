"""Integer noise: exact distributions, margins, the operating system's randomness (P8, P10, P11)."""

from __future__ import annotations

import inspect
import math
import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pace import within
from segmenter.errors import UsageError
from segmenter.model import Cost
from segmenter.noise import mechanisms, sums
from segmenter.noise.discrete_gaussian import DiscreteGaussianSampler
from segmenter.noise.discrete_laplace import DiscreteLaplaceSampler
from segmenter.noise.mechanisms import DiscreteGaussian, Geometric
from segmenter.noise.sums import Noise, NoisePart
from segmenter.noise.trials import Trials

NANO = 1_000_000_000
# Of a sound sampler to fail a test; the randomness is the operating system's, so no seed repeats
# it.
CHANCE = 1e-10


def fits(draws, mechanism, bins=150):
    """Whether draws follow the mass function: chi-square over bins of about equal mass, at one in
    ten thousand million.
    """
    reach, masses = mechanism.reach(), mechanism.masses()
    place = np.floor((np.cumsum(masses) - masses / 2) * bins).astype(int)
    hoped = np.bincount(place, masses) * len(draws)
    seen = np.bincount(place[np.clip(draws, -reach, reach) + reach], minlength=len(hoped))
    used = hoped > 0
    return (
        not seen[~used].any()
        and stats.chisquare(seen[used], hoped[used] * seen.sum() / hoped[used].sum()).pvalue
        > CHANCE
    )


@pytest.mark.parametrize("epsilon", [0.05, 0.5, 2.0])
def test_p10_geometric_noise_follows_its_mass_function(epsilon):
    mechanism = Geometric(int(epsilon * NANO))
    assert fits(mechanisms.system(mechanism, 40_000), mechanism)


@pytest.mark.parametrize("scale", [Fraction(7, 3), Fraction(1), Fraction(1, 9), Fraction(300, 7)])
def test_p10_discrete_laplace_noise_of_any_fraction_as_scale(scale):
    mechanism = Geometric(int(NANO / scale))
    draws = DiscreteLaplaceSampler(scale, Trials()).draw(40_000)
    assert fits(draws, mechanism)


@pytest.mark.parametrize("sensitivity", [2, 42])
def test_p10_geometric_noise_scales_with_sensitivity(sensitivity):
    mechanism = Geometric(NANO, sensitivity)
    assert fits(mechanisms.system(mechanism, 20_000), mechanism)
    assert not fits(mechanisms.system(Geometric(NANO, 2 * sensitivity), 20_000), mechanism)


@pytest.mark.parametrize("rho", [2 * NANO, NANO // 2, NANO // 100, 3_333, 7])
def test_p10_discrete_gaussian_noise_follows_its_mass_function(rho):
    mechanism = DiscreteGaussian(rho)
    assert fits(mechanisms.system(mechanism, 40_000), mechanism)


def test_the_slow_and_the_fast_bernoulli_agree():
    trials = Trials()
    share = np.mean([trials.exponential_of(7, 10) for _ in range(20_000)])
    fast = trials.exponential(np.full(20_000, 7), 10).mean()
    assert share == pytest.approx(math.exp(-0.7), abs=0.025)  # seven standard deviations
    assert fast == pytest.approx(math.exp(-0.7), abs=0.025)


def test_huge_variances_are_drawn_exactly_too():
    sampler = DiscreteGaussianSampler(Fraction(10**20, 3), Trials())
    draws = sampler.draw(300)
    assert 0.7 < draws.std() / math.sqrt(10**20 / 3) < 1.3


def test_uniform_integers_are_uniform():
    seen = np.bincount(Trials().below(60_000, 6), minlength=6)
    assert stats.chisquare(seen).pvalue > CHANCE


def test_opendp_draws_from_the_same_distribution():
    opendp = pytest.importorskip("opendp.prelude")
    opendp.enable_features("contrib")
    mechanism = DiscreteGaussian(NANO // 50)  # sigma 5
    space = opendp.vector_domain(opendp.atom_domain(T=int)), opendp.l2_distance(T=float)
    measure = opendp.m.make_gaussian(*space, scale=5.0)
    assert fits(np.array(measure([0] * 40_000)), mechanism)


@given(st.integers(10_000_000, 5 * NANO), st.integers(1, 50))
def test_moments_of_geometric_noise(epsilon, sensitivity):
    mechanism = Geometric(epsilon, sensitivity)
    if mechanism.reach() > 200_000:
        return
    k = np.arange(-mechanism.reach(), mechanism.reach() + 1, dtype=float)
    masses = mechanism.masses()
    assert masses.sum() == pytest.approx(1, abs=1e-9)
    assert masses @ k**2 == pytest.approx(mechanism.variance, rel=1e-6)
    assert masses @ k**4 / mechanism.variance**2 - 3 == pytest.approx(
        mechanism.kurtosis, rel=1e-4, abs=1e-6
    )


@given(st.integers(50_000_000, 3 * NANO), st.sampled_from([0.05, 0.025, 0.01, 1e-4]))
def test_p8_the_margin_of_one_cell_is_the_smallest(epsilon, chance):
    mechanism = Geometric(epsilon)
    margin = Noise((NoisePart(1.0, 1, mechanism),)).beyond(chance)
    tail = lambda m: mechanism.decay**m / (1 + mechanism.decay)  # noqa: E731 - P(noise >= m)
    assert tail(margin + 1) <= chance * (1 + 1e-9)
    assert margin == 0 or tail(margin) > chance * (1 - 1e-9)


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(st.floats(0.05, 1.5), st.integers(1, 12), st.integers(200_000_000, 2 * NANO)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([0.025, 0.01]),
)
def test_margins_of_weighted_sums_hold_and_are_not_wasteful(listed, chance):
    noise = Noise(tuple(NoisePart(w, n, Geometric(e)) for w, n, e in listed))
    random = np.random.default_rng(7)
    drawn = np.zeros(100_000)
    for w, n, e in listed:
        p = 1 - Geometric(e).decay
        drawn += w * (
            random.negative_binomial(n, p, drawn.size) - random.negative_binomial(n, p, drawn.size)
        )
    margin = noise.beyond(chance)
    spare = 5 * math.sqrt(chance / drawn.size)
    assert np.mean(drawn >= margin + 1) <= chance + spare
    assert margin == 0 or np.mean(drawn >= margin - 1) >= chance - spare


def test_sums_of_many_kinds_of_draws_get_a_safe_quantile():
    parts = tuple(NoisePart(0.1 + k / 100, 2, Geometric(NANO)) for k in range(100))
    law = sums._convolved(Noise(parts))
    exact = float(law.quantile(np.array([0.025]))[0])
    assert exact <= sums._expanded(Noise(parts), 0.025) <= 1.05 * exact + 2


def test_noise_of_nothing_is_nothing():
    assert Noise(()).beyond(0.01) == 0


def test_a_cost_buys_one_mechanism():
    assert mechanisms.paid(Cost(epsilon=NANO)) == Geometric(NANO)
    assert mechanisms.paid(Cost(rho=NANO)) == DiscreteGaussian(NANO)
    for cost in (Cost(), Cost(epsilon=1, rho=1)):
        with pytest.raises(ValueError):
            mechanisms.paid(cost)


@pytest.mark.parametrize(
    "made",
    [
        lambda: Geometric(0),
        lambda: DiscreteGaussian(0),
        lambda: Geometric(-1),
        lambda: Geometric(1, 0),
    ],
)
def test_there_is_no_noise_for_nothing(made):
    with pytest.raises(ValueError):
        made()


def test_p11_no_seed_reaches_the_noise(monkeypatch):
    def draw():
        np.random.seed(1)  # noqa: NPY002 - a caller's seed must not matter
        return mechanisms.system(Geometric(NANO // 100), 50).tolist(), mechanisms.system(
            DiscreteGaussian(NANO // 100_000), 50
        ).tolist()

    monkeypatch.setenv("PYTHONHASHSEED", "0")
    assert draw()[0] != draw()[0]
    assert draw()[1] != draw()[1]
    assert list(inspect.signature(mechanisms.system).parameters) == ["mechanism", "many"]


@pytest.mark.parametrize("mechanism", [Geometric(NANO // 1000), DiscreteGaussian(7)])
def test_p11_a_forked_process_draws_other_noise(mechanism):
    mechanisms.system(mechanism, 1)
    outputs = []
    for _ in range(2):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(write, repr(mechanisms.system(mechanism, 20).tolist()).encode())
            finally:
                os._exit(0)
        os.close(write)
        with open(read, "rb") as pipe:  # noqa: PTH123 - a descriptor
            outputs.append(pipe.read())
        os.waitpid(child, 0)
    assert all(outputs)
    assert outputs[0] != outputs[1]


@pytest.mark.parametrize("mechanism", [Geometric(NANO // 2), DiscreteGaussian(NANO // 1000)])
def test_noise_for_100_000_cells_takes_under_3_seconds(mechanism):
    mechanisms.system(mechanism, 1)
    with within(3):
        assert len(mechanisms.system(mechanism, 100_000)) == 100_000


# -- exactness -------------------------------------------------------------------------------------


def test_p10_the_mechanism_is_the_library_s_with_an_exact_sampler():
    from diffprivlib.mechanisms import Geometric as LibraryGeometric

    from segmenter.noise.exact_geometric import ExactGeometric

    assert issubclass(ExactGeometric, LibraryGeometric)
    made = ExactGeometric(epsilon=0.7, sensitivity=3)
    draws = np.array([made.randomise(40) - 40 for _ in range(2_000)])
    assert fits(draws, Geometric(NANO * 7 // 10, 3), bins=20)
    with pytest.raises(ValueError):
        ExactGeometric(epsilon=-1.0)
    with pytest.raises(TypeError):
        ExactGeometric(epsilon=1.0, sensitivity=0.5)
    with pytest.raises(TypeError):
        made.randomise(0.5)


def test_the_highest_words_are_drawn_again():
    """2^64 is no multiple of 3: its highest word would be a fourth chance for the remainder 0."""
    given = [np.full(1, (1 << 64) - 1, dtype=np.uint64), np.full(1, 4, dtype=np.uint64)]
    trials = Trials(lambda size: given.pop(0).tobytes()[:size])
    assert trials.below(1, 3).tolist() == [1]
    assert given == []


def test_p10_the_library_s_own_uniform_numbers_are_never_drawn(monkeypatch):
    """They have 53 bits, so that its tail ends where the distribution's does not."""
    from diffprivlib.mechanisms import Geometric as LibraryGeometric

    def refuse(*_):
        raise AssertionError("a float was drawn")

    monkeypatch.setattr(LibraryGeometric, "randomise", refuse)
    monkeypatch.setattr("random.SystemRandom.random", refuse)
    assert len(mechanisms.system(Geometric(20 * NANO), 100)) == 100


def test_p10_no_furthest_draw_is_built_in():
    """As long as every game is won, a draw goes further."""
    played = []

    def always_won(size):
        played.append(size)
        if len(played) > 2_000:
            raise InterruptedError
        return b"\x00" * size

    with pytest.raises(InterruptedError):
        DiscreteLaplaceSampler(Fraction(1), Trials(always_won)).draw(1)


def test_p10_a_draw_takes_the_same_bytes_whatever_is_counted():
    """Noise is drawn before it meets a count, from the mechanism and the number of cells alone."""
    from counting import cube, paid, policy, provenance
    from segmenter.release.publish import publish

    def bytes_taken(counts):
        random = np.random.default_rng(3)
        taken = []

        def bits(size):
            taken.append(size)
            return random.bytes(size)

        def source(mechanism, many):
            return DiscreteLaplaceSampler(mechanism.scale, Trials(bits)).draw(many)

        publish([cube(("sex",), counts, paid(0.3))], provenance(), [("sex",)], policy(), source)
        return taken

    assert bytes_taken([0, 0, 0]) == bytes_taken([5, 100_000, 7])


# -- wide noise ------------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [NANO, 23_809_523, 100_000])
def test_sums_of_wide_bounds_are_drawn(epsilon):
    mechanism = Geometric(epsilon, 3_000_000)
    draws = mechanisms.system(mechanism, 4_000)
    assert 0.9 < draws.std() / math.sqrt(mechanism.variance) < 1.1


def test_a_scale_too_fine_to_be_drawn_is_rounded_up():
    mechanism = Geometric(999_999_999, 10**12)
    assert mechanism.scale.denominator == 1
    assert mechanism.scale >= Fraction(10**12 * NANO, 999_999_999)
    assert mechanism.rate == pytest.approx(1e-12)


def test_noise_wider_than_a_number_is_refused_before_anything_is_paid():
    with pytest.raises(UsageError, match="64-bit"):
        Geometric(1, 10**12)


def test_margins_of_wide_noise_are_those_of_its_scale():
    wide = Noise((NoisePart(1.0, 1, Geometric(NANO, 10**9)),))
    expected = 10**9 * math.log(20)
    assert expected <= wide.beyond(0.025) <= 1.001 * expected
