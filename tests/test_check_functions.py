"""The check of anyone's gradients: right code passes, wrong code is found and named, and what can't be told is said."""

# ruff: noqa: N803 (matrices have capital letters)

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from array_layers import (
    Layer,
    affine_relu,
    affine_relu_backward,
    layers,
    quadratic,
    softmax_loss,
    softmax_loss_gradient,
)
from test_mismatch import mismatch_in, mismatch_of

from tinygrad_sigmoid.testing import Certificate, GradientMismatch, check_gradients
from tinygrad_sigmoid.testing.claimed import Claimed, Direction
from tinygrad_sigmoid.testing.differences import judged_by_differences, noise, remainder_exponent
from tinygrad_sigmoid.testing.slopes import Judgement, Verdict

Array = Any
NUMBERS = np.random.default_rng(7)
X, W, B = NUMBERS.normal(size=(5, 3)), NUMBERS.normal(size=(3, 4)), NUMBERS.normal(size=4)
SQUARE, VECTOR = NUMBERS.normal(size=(3, 3)), NUMBERS.normal(size=3)
LAYERS = [layer for seed in (0, 1) for layer in layers(seed)]


def by_compiled_code(x: float) -> float:
    """The same float, from a function that takes nothing else."""
    return float(struct.unpack("d", struct.pack("d", x))[0])


def altered(layer: Layer, place: int, alter: Callable[[Array], Array]) -> dict[str, Any]:
    """What a layer claims, with the gradient of one input altered."""
    [(kind, claim)] = layer.claims.items()

    def wrong(*inputs: Any) -> Any:
        found = claim(*inputs)
        if not isinstance(found, tuple):
            return alter(found)
        return tuple(alter(one) if which == place else one for which, one in enumerate(found))

    return {kind: wrong}


def affine(place: int, alter: Callable[[Array], Array]) -> GradientMismatch:
    layer = Layer(affine_relu, {"vjp": affine_relu_backward}, [X, W, B])
    return mismatch_of(affine_relu, *layer.at, **altered(layer, place, alter))


# -- Right code --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_right_layers_are_proven_with_many_digits(layer: Layer) -> None:
    before = repr(layer.at)
    certificate = check_gradients(layer.function, *layer.at, **layer.claims)
    assert certificate.verdict == "the gradients are right"
    assert "with many digits" in certificate.proven[0]
    assert not [*certificate.kinks, *certificate.jumps, *certificate.losses]
    assert repr(layer.at) == before


def test_functions_of_floats_and_lists_need_no_arrays() -> None:
    def neuron(w: Any, x: Any, b: Any) -> Any:
        return math.tanh(sum(a * c for a, c in zip(w, x, strict=True)) + b)

    def gradient(w: Any, x: Any, b: Any) -> Any:
        slope = 1 - neuron(w, x, b) ** 2
        return [slope * one for one in x], [slope * one for one in w], slope

    certificate = check_gradients(neuron, [0.1, 0.2], [1, 2], 0.5, gradient=gradient)
    assert certificate.proven[0].startswith("5 gradients, of w, x and b: as neuron changes")


def test_gradients_may_come_by_name_and_without_those_of_labels() -> None:
    def by_name(*inputs: Any) -> Any:
        return dict(zip(("dx", "dW", "db"), affine_relu_backward(*inputs), strict=True))

    assert check_gradients(affine_relu, X, W, B, vjp=by_name).open_points == 0
    labels = np.array([0, 2, 1, 1, 3])
    certificate = check_gradients(softmax_loss, X @ W, labels, gradient=lambda s, y: (softmax_loss_gradient(s, y)[0],))
    assert certificate.proven[0].startswith("20 gradients, of scores:")


@pytest.mark.parametrize("x", [np.zeros((5, 3)), X * [[1], [0], [1], [0], [1]]], ids=["all", "rows"])
def test_kinks_at_the_point_are_no_mistakes(x: Array) -> None:
    certificate = check_gradients(affine_relu, x, W, np.zeros(4), vjp=affine_relu_backward)
    assert certificate.kinks
    assert certificate.verdict == "the gradients are right"


def test_a_mistake_is_found_beside_kinks() -> None:
    layer = Layer(affine_relu, {"vjp": affine_relu_backward}, [X * [[1], [0], [1], [0], [1]], W, np.zeros(4)])
    for place, name in enumerate(["x", "W", "b"]):
        mismatch = mismatch_of(affine_relu, *layer.at, **altered(layer, place, lambda gradient: -gradient))
        assert mismatch.bug == "sign"
        assert f"of {name}" in mismatch.culprit


def test_a_slope_that_grows_without_end_stays_unresolved() -> None:
    def gradient(x: Array) -> Array:
        return 0.5 / np.sqrt(np.maximum(x, 1e-300))

    certificate = check_gradients(lambda x: np.sqrt(x).sum(), np.array([0.0, 1.0]), gradient=gradient)
    assert [reason[:5] for reason in certificate.unresolved] == ["x[0]:"]


def test_lost_digits_are_no_failure_but_told() -> None:
    def gradient(x: Any) -> Any:
        return (x + 1e10) - 1e10  # of x²/2, but for rounding

    certificate = check_gradients(lambda x: x * x / 2, 0.001, gradient=gradient)
    assert certificate.worst_ulp > 1e6
    assert check_gradients(lambda x: math.exp(x) - x, 1e-12, gradient=lambda x: math.exp(x) - 1).losses


def test_layers_of_thousands_of_entries_take_a_handful_of_evaluations() -> None:
    calls = [0]

    def function(x: Array) -> Array:
        return np.tanh(x).sum()

    def gradient(x: Array) -> Array:
        calls[0] += 1
        return 1 - np.tanh(x) ** 2

    check_gradients(function, NUMBERS.normal(size=(40, 50)), gradient=gradient)
    assert calls[0] <= 12


# -- Wrong code --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS[: len(LAYERS) // 2], ids=lambda layer: layer.name)
def test_a_hundred_millionth_is_found_in_every_layer(layer: Layer) -> None:
    mismatch = mismatch_of(layer.function, *layer.at, **altered(layer, 0, lambda gradient: gradient * (1 + 1e-8)))
    assert mismatch.got == pytest.approx(mismatch.true, rel=1e-7)
    assert "off by 1e-08 of itself" in mismatch.culprit


@pytest.mark.parametrize(
    ("place", "alter", "bug", "sentence"),
    [
        (1, lambda g: -g, "sign", "the gradient of W has the wrong sign"),
        (0, lambda g: 2 * g, "factor", "the gradient of x is twice the true one"),
        (2, lambda g: g / 5, "size", "the gradient of b is 1/5 of the true one: is it divided by the 5 rows of x?"),
        (
            2,
            lambda g: 5 * g,
            "size",
            "the gradient of b is 5 times the true one: is it not divided by the 5 rows of x?",
        ),
        (1, lambda g: None, "none", "the gradient of W is None, as if the output didn't change with it"),
        (1, lambda g: g.T, "transposed", "the gradient of W has the shape (4, 3), W has (3, 4): is it transposed?"),
        (1, lambda g: g[0], "shape", "the gradient of W has the shape (4,), W has (3, 4)"),
        (2, lambda g: np.tile(g, (5, 1)), "not summed", "is it not summed over the batch of 5, as in .sum(axis=0)?"),
        (2, lambda g: g * np.nan, "not a number", "the gradient of b[0] is nan"),
    ],
    ids=lambda one: one if isinstance(one, str) and " " not in one else "",
)
def test_mistakes_have_names(place: int, alter: Callable[[Array], Array], bug: str, sentence: str) -> None:
    mismatch = affine(place, alter)
    assert mismatch.bug == bug
    assert sentence in mismatch.culprit


def test_one_wrong_entry_is_found_and_called_by_its_place() -> None:
    def alter(gradient: Array) -> Array:
        found = gradient.copy()
        found[0, 1] = found[0, 1] * 1.5
        return found

    mismatch = affine(1, alter)
    assert mismatch.culprit == "the gradient of W[0, 1] is 1.5 times the true one"
    assert mismatch.bug == ""
    assert mismatch.got == pytest.approx(1.5 * float(mismatch.true or 0))


def test_one_wrong_output_is_named_too() -> None:
    def two(x: Array) -> Any:
        return np.sin(x), np.cos(x)

    def backward(upstream: Any, x: Array) -> Array:
        of_cosine = -upstream[1] * np.sin(x)
        of_cosine[2] *= -1
        return upstream[0] * np.cos(x) + of_cosine

    mismatch = mismatch_of(two, np.array([0.5, 1.0, 2.0]), vjp=backward)
    assert mismatch.culprit == "the gradient of output[1][2] with respect to x[2] has the wrong sign"
    assert mismatch.true == pytest.approx(-math.sin(2.0))


def test_an_upstream_that_is_ignored_is_seen() -> None:
    def backward(upstream: Array, *inputs: Array) -> Any:
        return affine_relu_backward(np.ones_like(upstream), *inputs)

    assert mismatch_of(affine_relu, X, W, B, vjp=backward).bug == "upstream ignored"


def test_swapped_transposed_and_forgotten_factors_are_recognised() -> None:
    def product(a: Array, b: Array) -> Array:
        return (a * a * b).sum()

    swapped = mismatch_of(product, VECTOR, VECTOR[::-1], gradient=lambda a, b: (a * a, 2 * a * b))
    assert swapped.bug == "swapped"
    transposed = mismatch_of(lambda W, x: W @ x, SQUARE, VECTOR, vjp=lambda u, W, x: (np.outer(x, u), W.T @ u))
    assert transposed.bug == "transposed"
    forgotten = mismatch_of(product, VECTOR, VECTOR[::-1], gradient=lambda a, b: (2 * a, a * a))
    assert (forgotten.bug, forgotten.culprit[:38]) == ("missing factor", "the gradient of a lacks the factor b (")
    assert mismatch_of(quadratic, SQUARE, VECTOR, gradient=lambda W, x: (np.outer(x, x), W @ x)).bug == ""


@pytest.mark.parametrize(
    ("gradient", "says"),
    [
        (lambda x: 1 - math.tanh(x), "is the true one without its factor (1 + out)"),
        (lambda x: 1 + math.tanh(x) ** 2, "is off by 2·out²: is a term missing, or of the wrong sign?"),
        (lambda x: 1 - x * x, "is written with `x` where `out` belongs"),
        (lambda x: math.sqrt(1 - math.tanh(x) ** 2), "is the square root of the true one: is a square missing?"),
    ],
)
def test_a_function_of_few_numbers_is_told_what_a_rule_is_told(gradient: Any, says: str) -> None:
    assert mismatch_of(lambda x: math.tanh(x), 0.5, gradient=gradient).culprit == f"the gradient of x {says}"


def test_a_name_that_fits_at_this_point_only_is_not_given() -> None:
    # At 2, the gradient 2x is 4, and 8 is twice as large; at other points it isn't.
    mismatch = mismatch_of(lambda x: x * x, 2.0, gradient=lambda x: x * x + 4)
    assert mismatch.bug == ""
    assert "2 times the true one" in mismatch.culprit
    assert "near by" in mismatch.culprit


def test_what_can_not_be_checked_is_named() -> None:
    generator, calls = np.random.default_rng(0), [0]

    def stateful(x: Array) -> Array:
        calls[0] += 1
        return x * calls[0]

    def in_place(x: Array) -> Array:
        x *= 2
        return x

    def spoils(upstream: Array, x: Array) -> Array:
        upstream *= 2
        return upstream

    def same(upstream: Array, x: Array) -> Array:
        return upstream

    ones = np.ones(3)
    assert mismatch_of(lambda x: x * (generator.random(3) < 0.5), ones, vjp=same).bug == "nondeterministic"
    assert mismatch_of(lambda x: x * random.random(), 1.0, vjp=same).bug == "nondeterministic"
    assert mismatch_of(stateful, ones, vjp=same).bug == "stateful"
    assert "in_place changes its input x in place" in mismatch_of(in_place, ones, vjp=same).culprit
    assert "spoils changes its upstream gradient" in mismatch_of(lambda x: 2 * x, ones, vjp=spoils).culprit
    assert mismatch_of(affine_relu, X, W, B, vjp=lambda u, x, W, b: (u @ W.T, x.T @ u)).bug == "number of gradients"


# -- Code that takes floats only ---------------------------------------------------------------------------------------


def test_a_gradient_of_floats_is_held_against_a_function_of_many_digits() -> None:
    def checked(factor: float) -> Certificate:
        return check_gradients(math.exp, 1.3, gradient=lambda x: by_compiled_code(factor * math.exp(x)))

    assert "the gradients with floats" in checked(1.0).proven[0]
    for factor in (-1.0, 1 + 1e-8):
        with pytest.raises(GradientMismatch):
            checked(factor)


@pytest.mark.parametrize("x", [1e-3, 1e-6, 1e-9, 1e-12])
def test_rounding_is_no_mistake_however_large(x: float) -> None:
    def gradient(x: float) -> float:
        return by_compiled_code(math.exp(x) - 1)

    check_gradients(lambda x: math.exp(x) - 1 - x, x, gradient=gradient)
    assert mismatch_of(lambda x: math.exp(x) - 1 - x, x, gradient=lambda x: -gradient(x)).got


@pytest.mark.parametrize("x", [0.0, -2.4e-16, 2e-10, -6e-12])
def test_digits_that_cancel_all_around_are_no_mistake(x: float) -> None:
    def function(x: float) -> float:
        return (1 - math.cos(x)) / x if x else 0.0

    def gradient(x: float) -> float:
        return math.sin(x) / x - (1 - math.cos(x)) / x**2 if x else 0.5

    assert check_gradients(function, x, gradient=gradient).open_points == 0
    check_gradients(function, x, gradient=lambda x: by_compiled_code(gradient(x)))
    check_gradients(lambda x: by_compiled_code(function(x)), x, gradient=lambda x: by_compiled_code(gradient(x)))
    assert mismatch_of(function, x, gradient=lambda x: -gradient(x))


def test_black_boxes_are_told_by_differences() -> None:
    def function(x: Array) -> Array:
        return np.array([by_compiled_code(one) for one in x]) ** 3

    def backward(upstream: Array, x: Array) -> Array:
        return upstream * 3 * np.array([by_compiled_code(one) for one in x]) ** 2

    certificate = check_gradients(function, VECTOR, vjp=backward)
    assert "by differences of floats, which tell a slope to" in certificate.proven[0]
    assert mismatch_of(function, VECTOR, vjp=lambda u, x: -backward(u, x)).bug == "sign"
    assert judged_by_differences(0.0, lambda x: max(x, 0.0), -1.0).verdict is Verdict.RIGHT  # it doesn't move
    assert (
        mismatch_of(function, VECTOR, vjp=lambda u, x: backward(u, x) * (1 + 1e-7)).tier == "by differences of floats"
    )


def test_32_bits_are_too_few_to_tell_and_enough_to_find_a_sign() -> None:
    def single(x: Array) -> Array:
        return np.frombuffer(np.exp(x.astype(np.float32)).tobytes(), np.float32)

    certificate = check_gradients(single, VECTOR, vjp=lambda u, x: u * single(x))
    assert certificate.open_points == 1
    assert "falls like the distance to the power of 2.0, as it does with a right gradient" in certificate.unresolved[0]
    assert mismatch_of(single, VECTOR, vjp=lambda u, x: -u * single(x))


@pytest.mark.parametrize("near", [0.0, 1e-12, 1e-9, -1e-9, 1e-7, 1e-5])
def test_differences_take_no_kink_near_by_for_a_mistake(near: float) -> None:
    for function, slope in ((abs, math.copysign(1.0, near)), (lambda x: max(x, 0.0), float(near > 0))):
        assert judged_by_differences(slope, function, near).verdict is not Verdict.WRONG


def test_noise_is_no_kink() -> None:
    def function(x: float) -> float:
        return (1 - math.cos(x)) / x

    assert judged_by_differences(0.5005, function, 1.4355e-4).verdict is Verdict.WRONG


def test_special_functions_of_scipy_are_computed_with_many_digits() -> None:
    special = pytest.importorskip("scipy.special")

    def function(x: Array) -> Array:
        return special.erf(x).sum() + special.expit(x[0])

    def gradient(x: Array) -> Array:
        found = 2 / np.sqrt(np.pi) * np.exp(-(x**2))
        found[0] += special.expit(x[0]) * special.expit(-x[0])
        return found

    assert "with many digits" in check_gradients(function, VECTOR, gradient=gradient).proven[0]


def test_differences_say_how_well_they_tell() -> None:
    right = judged_by_differences(math.cos(1.0), lambda x: by_compiled_code(math.sin(x)), 1.0)
    assert right.verdict is Verdict.RIGHT
    assert right.uncertain < 1e-9
    assert judged_by_differences(1.0, lambda x: math.sin(1e17 * x), 0.3).verdict is Verdict.UNRESOLVED
    assert noise(lambda x: float(np.float32(x)), 1.0) > 1e-9 > noise(math.sin, 1.0)
    assert remainder_exponent(math.exp(1.0), math.exp, 1.0) == pytest.approx(2, abs=0.1)
    assert remainder_exponent(2.0, math.exp, 1.0) == pytest.approx(1, abs=0.1)


# -- What a failure is good for ----------------------------------------------------------------------------------------

SCALE = 3.0


def scaled(x: Array) -> Array:
    return np.sum(SCALE * cubed(x))


def cubed(x: Array) -> Array:
    return x**3


def scaled_gradient(x: Array) -> Array:
    return SCALE * 2 * x**2


def test_the_pasted_program_has_the_users_own_source_and_fails_in_the_same_way() -> None:
    found = mismatch_of(scaled, np.array([1.23456789, 2.3456789]), gradient=scaled_gradient)
    assert "def cubed(x: Array)" in found.code
    assert "SCALE = 3.0" in found.code
    assert "numpy.array([1.23456789, 2.3456789])" in found.code
    assert mismatch_in(found.code).culprit == found.culprit
    assert found.code in str(found).replace("\n    ", "\n") or "lines more in .code" in str(found)


def test_lambdas_and_closures_are_pasted_too() -> None:
    factor = 2.5
    found = mismatch_of(lambda x, y: factor * x * y, 3.0, 4.0, gradient=lambda x, y: (factor * y, factor * y))
    assert "factor = 2.5" in found.code
    assert mismatch_in(found.code).culprit == found.culprit


@pytest.mark.parametrize(
    ("function", "at", "options", "sentence"),
    [
        (3, [1.0], {"gradient": abs}, "function must be a function, but got 3"),
        (abs, [1.0], {"gradient": abs, "vjp": abs}, "but got gradient and vjp: pass one"),
        (abs, [1.0], {"gradient": 3}, "gradient must be a function or None, but got 3"),
        (abs, ["a"], {"gradient": abs}, "bad operand type for abs(): 'str'"),
        (lambda x: None, [1.0], {"gradient": abs}, "must be floats, an array or a tuple of several, but got None"),
        (lambda x: x * math.nan, [1.0], {"gradient": abs}, "must be finite, but got nan"),
        (lambda x: [x, x], [1.0], {"gradient": abs}, "must be one number, but got [1.0, 1.0]: pass vjp="),
        (abs, [1.0], {"gradient": lambda x: "a"}, "the gradient of x must be floats or an array, but got 'a'"),
        (lambda x: 1.0, ["a"], {"gradient": lambda x: None}, "there is nothing to differentiate with"),
    ],
)
def test_wrong_inputs_are_refused_in_a_sentence(function: Any, at: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        check_gradients(function, *at, **options)
    assert sentence in str(caught.value)


def test_sums_that_do_not_repeat_to_the_last_digit_are_no_random_numbers() -> None:
    """As where several threads add up, in another order each time."""
    generator = random.Random(0)

    def cubed(x: Any) -> Any:
        return float(x[0] ** 3) * (1.0 + generator.choice([-2, -1, 0, 1, 2]) * 2.0**-52)

    certificate = check_gradients(cubed, np.array([1.5]), gradient=lambda x: 3.0 * x * x)
    assert certificate.unresolved == ["x[0]: its slope does not settle, however closely it is looked at"]


def test_the_wrong_one_of_very_many_numbers_is_found() -> None:
    class WrongInOne(Claimed):
        def judged(self, direction: Direction) -> Judgement:
            return Judgement(Verdict.WRONG if direction[123_456] else Verdict.RIGHT)

    assert WrongInOne([], []).first_wrong([1.0] * 200_000) == 123_456  # a list, searched for each, took over a minute
