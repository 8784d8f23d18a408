"""The check itself, one front door: graphs, functions, algorithms and engines; no tolerance to choose."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.checks import listed
from tinygrad_sigmoid.derivatives import gradients
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import fixed_power
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.testing import reporting
from tinygrad_sigmoid.testing.accumulation import Backward, check_backward
from tinygrad_sigmoid.testing.calling import UNSTEADY, input_names, unsteady
from tinygrad_sigmoid.testing.certificate import Certificate, counted
from tinygrad_sigmoid.testing.end_to_end import at_shifted_point, check_as_graphs, check_end_to_end
from tinygrad_sigmoid.testing.engine import check_engine
from tinygrad_sigmoid.testing.functions import check_function
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, name_of
from tinygrad_sigmoid.testing.precise import judging
from tinygrad_sigmoid.testing.rules import check_rule
from tinygrad_sigmoid.testing.twins import moving
from tinygrad_sigmoid.value import Value

__tracebackhide__ = True  # pytest shows the line of the caller

Function = Callable[..., Any]


def check_gradients(
    checked: Any,
    *at: Any,
    gradient: Function | None = None,
    vjp: Function | None = None,
    jvp: Function | None = None,
    backward: Backward | None = None,
    order: int = 1,
    strict: bool | None = None,
    digits: int = 0,
    intended: bool = False,
) -> Certificate:
    """The proof that gradients are right, or a `GradientMismatch` that says what is wrong: anyone's gradients.

    >>> from tinygrad_sigmoid import sigmoid
    >>> check_gradients(lambda w, x, b: sigmoid(w * x + b), 0.6, 1, 0.9).verdict
    'the gradients are right'
    >>> check_gradients(lambda x, y: x * x * y, 3.0, 0.5, gradient=lambda x, y: (2 * x * y, x * x)).verdict
    'the gradients are right'

    There is no tolerance to choose. Formulas are computed with many digits, where nothing is left of rounding, and
    their slopes are found by moving the inputs; no rule of calculus is taken for granted. How many digits floats lose
    with a right formula is told, and is another question. Nothing that is given is changed.

    Args:
        checked: A recorded graph; a function of numbers that records one; with `gradient`, `vjp` or `jvp`, a function
            of floats or of NumPy arrays of any shapes; or a class whose values record and pass back, as micrograd's do.
        at: What a function takes, where it is to be checked.
        gradient: Takes the same, and gives the gradients of all inputs; for a function that gives one number.
        vjp: Takes an upstream gradient of the output's shape before the inputs, as a layer's backward pass does.
        jvp: Takes a tuple of tangents, one per input, before the inputs, and gives the output's tangent.
        backward: What passes the gradients back through a graph: it sets `grad`, or returns the gradients by value.
        order: 2 checks the derivatives of the derivatives of a graph as well, 3 theirs.
        strict: Whether what can't be told fails; left out, as pytest was told by `--gradients-strict`.
        digits: So many digits of each derivative and gradient must be right as floats; 0 only reports what is lost.
        intended: Whether rules may lie on purpose, as those of clipping and straight-through estimators do.

    Raises:
        GradientMismatch: Something is wrong. The message names it and has the code to reproduce it.
        TypeError: A function gives something else than a Value, or what is given can't be checked.
    """
    __tracebackhide__ = True
    order = checks.whole(order, "order", "write for instance 2", least=1)
    digits = checks.whole(digits, "digits", "write for instance 12", most=15)
    checks.choice(strict, "strict", [True, False, None])
    checks.choice(intended, "intended", [True, False])
    claims: dict[str, Any] = {"gradient": gradient, "vjp": vjp, "jvp": jvp}
    options = {**claims, "backward": backward, "order": order, "strict": strict, "digits": digits, "intended": intended}
    for name, function in {**claims, "backward": backward}.items():
        checks.function(function, name, "pass for instance Value.backward", optional=True)
    try:
        with judging():
            certificate = Certificate(digits=digits or Certificate.digits)
            if any(claims.values()):
                if backward is not None or order > 1:
                    raise TypeError("backward and order are for graphs: leave them out, with gradient=, vjp= or jvp=")
                _check_claims(checked, at, claims, certificate, intended)
            elif isinstance(checked, type):
                check_engine(checked, certificate)
            else:
                graph = _recorded(checked, at)
                _check_graph(*graph, certificate, backward or Value.backward, order=order, intended=intended)
            for observer in reporting.observers:
                observer(certificate)
            _require(certificate, strict=reporting.strict if strict is None else strict, digits=digits)
            return certificate
    except GradientMismatch as mismatch:
        defaults = inspect.signature(check_gradients).parameters
        asked = {name: given for name, given in options.items() if given != defaults[name].default}
        mismatch.call = checked, at, asked
        raise mismatch.with_traceback(None) from None  # which shows the user's call, and not our own


def check_operation(
    operation: Operation,
    at: float | Sequence[float],
    *,
    order: int | None = None,
    strict: bool | None = None,
    digits: int = 0,
    intended: bool = False,
) -> Certificate:
    """The proof that an operation's rule is right at some inputs, or a `GradientMismatch` that says what is wrong.

    >>> from tinygrad_sigmoid import Operation
    >>> softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
    >>> check_operation(softsign, 3.0).worst_ulp < 1
    True

    Args:
        operation: Any operation, of the table or your own.
        at: Its input, or a sequence of all its inputs.
        order: 1 leaves out the derivatives of the derivatives; left out, it is 2 for a rule that takes Values.
        strict: As for `check_gradients`; so are the others.

    Raises:
        GradientMismatch: The rule is wrong.
    """
    checks.instance(operation, Operation, "what is checked", "an operation", "pass for instance sigmoid")
    numbers = listed(at)
    inputs: list[Value | float] = [Value(number, f"x{place}") for place, number in enumerate(numbers, 1)]
    if operation is fixed_power:
        inputs[1] = numbers[1]
    output = operation(*inputs)
    if order is None:
        order = 2 if _takes_values(operation, inputs) else 1
    return check_gradients(output, order=order, strict=strict, digits=digits, intended=intended)


def _takes_values(operation: Operation, inputs: Sequence[Value | float]) -> bool:
    """Whether a rule takes Values, so that it has derivatives of its own."""
    try:
        operation.derivatives(operation(*inputs), *inputs)
    except (TypeError, AttributeError):
        return False
    except (ArithmeticError, ValueError):
        return True
    return True


def _check_graph(
    output: Value,
    inputs: Sequence[Value],
    function: Function | None,
    certificate: Certificate,
    backward: Backward = Value.backward,
    *,
    order: int = 1,
    intended: bool = False,
) -> None:
    """Goes through the levels, each on what the one before has proven, and tells the certificate what that is."""
    values = computed(output)
    for value in values:
        check_rule(value, certificate, intended=intended)
    edges = sum(not used.constant for value in values for used in value.inputs)
    certificate.proven += [
        f"{counted(len(values), 'value')} computed: what the operations give, bit for bit",
        f"{counted(edges, 'local derivative')}: the slopes of the operations' own formulas, and as floats off by at "
        f"most {certificate.worst_ulp:.2g} ulp (units of the last place)",
    ]
    found = check_backward(output, backward, certificate)
    if not certificate.intended:
        check_end_to_end(output, inputs, found, certificate, function)
        if order > 1:
            _check_derivatives(output, certificate, order)


def _check_derivatives(output: Value, certificate: Certificate, order: int) -> None:
    """Checks the gradients of the leaves, recorded as graphs, as such; and all rules at a shifted point as well."""
    wrt = moving(output)
    try:
        recorded = dict(zip(wrt, gradients(output, wrt), strict=True))
    except (ArithmeticError, TypeError) as error:
        certificate.unresolved.append(f"the derivatives of the derivatives: {error}")
        return
    for value in at_shifted_point(output):
        check_rule(value, Certificate())
    check_as_graphs(output, recorded, certificate)
    for leaf, gradient in recorded.items():
        if gradient.inputs:
            inner = certificate.derivatives[name_of(leaf)] = Certificate(digits=certificate.digits)
            _check_graph(gradient, moving(gradient), None, inner, order=order - 1)


def _recorded(checked: Any, at: Sequence[float]) -> tuple[Value, Sequence[Value], Function | None]:
    """A graph and its leaves; or the graph that a function records, what it is given, and the function."""
    if isinstance(checked, Value):
        if at:
            sentence = f"a recorded graph has its numbers already, {shown(checked)} takes no {shown(at)}"
            raise TypeError(f"{sentence}: give a function")
        return checked, moving(checked), None
    checks.function(checked, "what is checked", "pass a Value, or a function and numbers for its inputs")
    inputs = [Value(number, name) for name, number in zip(input_names(checked, len(at)), at, strict=True)]
    output = checked(*inputs)
    if not isinstance(output, Value):
        raise TypeError(
            f"the function gave {shown(output)} on Values, so no graph was recorded: compute with this package's "
            f"operations, exp(v) and not math.exp(v), and return one Value; or pass its gradient=, vjp= or jvp="
        )
    if kind := unsteady(lambda *numbers: checked(*map(Value, numbers)).data, *[used.data for used in inputs]):
        raise GradientMismatch(f"the function is {kind}: {UNSTEADY[kind]}", output, bug=kind)
    return (output, inputs, checked) if at else (output, moving(output), None)


def _check_claims(
    function: Any, at: Sequence[Any], claims: Mapping[str, Any], certificate: Certificate, intended: bool
) -> None:
    """Checks what is claimed to be a function's gradient, which may be something else on purpose."""
    try:
        check_function(function, at, claims, certificate)
    except GradientMismatch as mismatch:
        if not intended or mismatch.got is None:  # it is random, or of the wrong shape, for instance
            raise
        certificate.intended.append(mismatch.culprit)


def _require(certificate: Certificate, *, strict: bool, digits: int) -> None:
    """Raises a mismatch about what is no mistake, if the caller wants it so."""
    everything = list(certificate.walk())
    if strict and (unresolved := [reason for one in everything for reason in one.unresolved]):
        raise GradientMismatch(f"unresolved, which strict=True doesn't let pass: {unresolved[0]}", bug="unresolved")
    if digits and (losses := [loss for one in everything for loss in one.losses]):
        raise GradientMismatch(f"fewer than {digits} digits are right: {losses[0]}", bug="lost digits")
