"""Amounts and composition (P3, P10, P13), held against dp-accounting and its published vectors."""

from __future__ import annotations

import json
import math
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.budget import accounting, loss_distribution
from segmenter.budget.accounting import (
    NANO,
    Loss,
    affordable_rho,
    converted,
    gaussian,
    geometric,
    loss,
    shown,
    spent_nano,
    total,
    total_loss,
)
from segmenter.errors import UsageError
from segmenter.model import Cost
from segmenter.noise.mechanisms import DiscreteGaussian
from segmenter.project.policy_file import nano

VECTORS = Path(__file__).parents[2] / "../shared/data/dp_vectors/google_dp_accounting.json"


@given(st.decimals(min_value="0.0000000001", max_value=1000, places=12))
def test_p3_spends_round_up_and_allowances_down(amount):
    if amount > 0:
        assert Decimal(nano(amount)) <= amount * NANO <= Decimal(spent_nano(amount))
        assert spent_nano(amount) - nano(amount) <= 1


def test_three_times_a_tenth_is_three_tenths():
    assert 3 * spent_nano("0.1") == nano(Decimal("0.3"))


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", "", "1e9"])
def test_a_cost_that_is_no_positive_number_is_refused(text):
    with pytest.raises(UsageError):
        spent_nano(text)


def test_money_is_never_a_float():
    with pytest.raises(TypeError):
        spent_nano(0.1)


@given(st.integers(0, 10**15))
def test_amounts_are_shown_as_short_decimals(nano):
    assert round(shown(nano) * NANO) == nano


def test_p10_no_tail_is_booked():
    assert geometric(NANO // 10_000).tail == 0


def test_p13_pure_epsilons_add_and_rhos_add():
    assert total([geometric(NANO), geometric(2 * NANO), gaussian(5), gaussian(7)]) == Cost(
        3 * NANO, 0, 12
    )


def test_p13_mixed_budgets_convert_the_rhos_at_the_delta_left():
    cost = Cost(epsilon=NANO, rho=NANO // 100, delta=400)
    lost = loss(cost, 1000)
    assert lost is not None
    assert lost.epsilon == NANO + converted(NANO // 100, 600)
    assert lost.delta == 1000
    assert loss(cost, 400) is None


def test_zcdp_without_a_delta_is_no_epsilon():
    with pytest.raises(ValueError):
        converted(1, 0)
    assert converted(0, 0) == 0


@given(st.integers(1, NANO), st.integers(1, 10**6))
def test_conversion_is_below_the_textbook_and_grows(rho, delta):
    r, d = rho / NANO, delta / NANO
    epsilon = converted(rho, delta) / NANO
    assert epsilon <= r + 2 * math.sqrt(r * math.log(1 / d)) + 1e-8
    assert converted(rho + 1, delta) >= converted(rho, delta)
    assert converted(rho, delta + 1) <= converted(rho, delta) + 1


@given(st.integers(10**6, 10 * NANO), st.integers(1, 10**5))
def test_affordable_rho_is_the_most(epsilon, delta):
    rho = affordable_rho(epsilon, delta)
    assert rho == 0 or converted(rho, delta) <= epsilon
    assert converted(rho + 1, delta) > epsilon


@pytest.mark.parametrize(
    ("rho", "delta"), [(0.1, 1e-6), (0.5, 1e-6), (0.01, 1e-5), (2.0, 1e-9), (0.003, 1e-6)]
)
def test_p13_conversion_against_dp_accounting(rho, delta):
    dp_event = pytest.importorskip("dp_accounting").dp_event
    from dp_accounting import pld, rdp

    event = dp_event.GaussianDpEvent(math.sqrt(1 / (2 * rho)))
    exact, renyi = pld.PLDAccountant(), rdp.RdpAccountant()
    exact.compose(event)
    renyi.compose(event)
    ours = converted(int(rho * NANO), int(delta * NANO)) / NANO
    assert exact.get_epsilon(delta) <= ours <= 1.12 * exact.get_epsilon(delta)
    assert ours <= renyi.get_epsilon(delta) + 1e-6


@pytest.mark.parametrize("epsilons", [[0.1] * 10, [0.5, 0.25, 1.0]])
def test_p13_mixed_totals_are_never_below_the_exact_figure(epsilons):
    dp_event = pytest.importorskip("dp_accounting").dp_event
    from dp_accounting import pld

    rho, delta = 0.02, 1e-6
    exact = pld.PLDAccountant()
    for epsilon in epsilons:
        exact.compose(dp_event.LaplaceDpEvent(1 / epsilon))
    exact.compose(dp_event.GaussianDpEvent(math.sqrt(1 / (2 * rho))))
    cost = total([*(geometric(int(e * NANO)) for e in epsilons), gaussian(int(rho * NANO))])
    lost = loss(cost, int(delta * NANO))
    assert lost is not None
    assert exact.get_epsilon(delta) <= lost.epsilon / NANO


# -- exact totals ----------------------------------------------------------------------------------

MIXED = [  # epsilons, rhos, delta; each list is paid in full
    ([0.1], [0.05, 0.2], 1e-6),
    ([], [0.0005] * 20, 1e-7),
    ([0.5, 0.01, 0.3333], [0.01], 1e-7),
    ([0.05] * 40, [0.002] * 5, 1e-5),
    ([1.0] * 3, [0.2, 0.074], 1e-6),
    ([0.0212] * 100, [0.01, 0.05], 1e-6),
    ([0.1] * 10, [0.0005], 1e-9),
]


def paid_costs(epsilons, rhos):
    pure = [geometric(round(epsilon * NANO)) for epsilon in epsilons]
    return Counter([*pure, *(gaussian(round(rho * NANO)) for rho in rhos)])


def composed_exactly(epsilons, rhos, delta):
    """The figures of dp-accounting: for the mechanisms that are drawn, and for continuous noise."""
    dp_accounting = pytest.importorskip("dp_accounting")
    from dp_accounting.pld import privacy_loss_distribution as pld

    whole = pld.identity()
    for epsilon, times in Counter(epsilons).items():
        one = pld.from_discrete_laplace_mechanism(epsilon)
        whole = whole.compose(one.self_compose(times))
    for rho, times in Counter(rhos).items():
        spread = DiscreteGaussian(round(rho * NANO)).spread
        one = pld.from_discrete_gaussian_mechanism(math.sqrt(spread))
        whole = whole.compose(one.self_compose(times))
    accountant = dp_accounting.pld.PLDAccountant()
    for epsilon in epsilons:
        accountant.compose(dp_accounting.LaplaceDpEvent(1 / epsilon))
    for rho in rhos:
        accountant.compose(dp_accounting.GaussianDpEvent(math.sqrt(1 / (2 * rho))))
    return max(whole.get_epsilon_for_delta(delta), accountant.get_epsilon(delta))


@pytest.mark.parametrize(("epsilons", "rhos", "delta"), MIXED)
def test_p13_the_booked_total_is_the_exact_one_and_never_below_it(epsilons, rhos, delta):
    spends = paid_costs(epsilons, rhos)
    lost = total_loss(spends, round(delta * NANO))
    exact = composed_exactly(epsilons, rhos, delta)
    bound = loss(total(spends.elements()), round(delta * NANO))
    floor = sum(cost.epsilon for cost in spends.elements())
    assert exact <= lost.epsilon / NANO
    assert lost.epsilon <= bound.epsilon
    assert lost.epsilon == floor or lost.epsilon / NANO <= exact * 1.001 + 0.002
    assert lost.epsilon >= floor


@pytest.mark.parametrize(("epsilons", "rhos", "delta"), MIXED)
def test_p13_the_raw_figure_is_that_of_a_finer_grid(epsilons, rhos, delta, monkeypatch):
    spends = paid_costs(epsilons, rhos)
    coarse = loss_distribution.exact_epsilon(spends, round(delta * NANO))
    monkeypatch.setattr(loss_distribution, "POINTS", 1 << 19)
    loss_distribution._exact_epsilon.cache_clear()
    fine = loss_distribution.exact_epsilon(spends, round(delta * NANO))
    loss_distribution._exact_epsilon.cache_clear()
    assert coarse == pytest.approx(fine, rel=1e-5)


def test_p13_an_exact_total_saves_what_the_formula_gives_away():
    spends = paid_costs([0.1] * 5, [0.05, 0.02])
    lost, bound = total_loss(spends, 1_000), loss(total(spends.elements()), 1_000)
    assert lost.epsilon < 0.97 * bound.epsilon


def test_p13_pure_spends_are_their_sum_whatever_the_delta():
    spends = paid_costs([0.1] * 100, [])
    assert total_loss(spends, 1_000) == Loss(10 * NANO, 0)


@pytest.mark.parametrize(("epsilon", "delta"), [(300, 1_000), (1, 0)])
def test_p13_what_has_no_exact_figure_has_the_formula_s(epsilon, delta):
    spends = paid_costs([epsilon], [0.01])
    assert total_loss(spends, delta) == loss(total(spends.elements()), delta)


def test_one_spend_s_exact_figure_is_that_of_its_own_distribution():
    """The discrete Gaussian's delta, summed over its masses."""
    mechanism, rho = DiscreteGaussian(NANO // 5), NANO // 5
    epsilon = loss_distribution.exact_epsilon(Counter([gaussian(rho)]), 1_000) / NANO
    values = np.arange(-mechanism.reach(), mechanism.reach() + 1)
    losses = (1 - 2 * values) / (2 * float(mechanism.spread))
    deltas = mechanism.masses() * np.clip(-np.expm1(epsilon - losses), 0, None)
    assert deltas.sum() <= 1e-6
    assert deltas.sum() == pytest.approx(1e-6, rel=0.05)  # the continuous figure may be larger


# -- published vectors -----------------------------------------------------------------------------


def _vectors(test):
    if not VECTORS.is_file():
        pytest.skip(f"the published vectors are not at {VECTORS}")
    cases = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
    return [case["params"] for case in cases if case["test"] == test]


def test_published_vectors_of_basic_composition():
    """Integer Laplace noise without a delta: epsilons add, so a query may have epsilon / n, and
    noise of scale n sensitivity / epsilon.
    """
    cases = [p for p in _vectors("test_get_smallest_discrete_laplace_noise") if p["delta"] == 0]
    assert cases
    for p in cases:
        share = spent_nano(Decimal(str(p["epsilon"]))) // p["num_queries"]
        lost = loss(total([geometric(share)] * p["num_queries"]), 0)
        assert lost is not None
        assert lost.epsilon <= p["epsilon"] * NANO
        assert share / NANO / p["sensitivity"] == pytest.approx(p["expected_parameter"], rel=1e-6)


def test_published_vectors_of_gaussian_noise_are_never_undercut():
    """Where the exact accountant needs noise of some scale for (epsilon, delta), our conversion
    never allows less.
    """
    cases = _vectors("test_get_smallest_gaussian_noise")
    assert cases
    for p in cases:
        scale = p["expected_std"] / p["sensitivity"]
        rho = p["num_queries"] / (2 * scale**2)
        assert accounting.converted_epsilon(rho, p["delta"]) >= p["epsilon"] * (1 - 1e-3)


@pytest.mark.parametrize("amount", ["1e-30", "0.000001", "0.00009999"])
def test_a_cost_that_buys_nothing_but_noise_is_refused(amount):
    with pytest.raises(UsageError, match=r"below 0\.0001"):
        accounting.asked_nano(amount)
    assert accounting.asked_nano("0.0001") == spent_nano("0.0001")
