"""The check of `torch.autograd.Function`, of `jax.custom_vjp` and of autograd's rules, in a few lines each.

Run it where PyTorch, JAX or autograd is installed: `python tests/benchmarks/recipes.py`.
"""

# mypy: disable-error-code="misc, untyped-decorator"

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_sigmoid.testing import Certificate, GradientMismatch, check_gradients


def check_torch(function: Any, *at: Any, constants: tuple[Any, ...] = ()) -> Certificate:
    """The certificate of a `torch.autograd.Function`."""
    import torch

    def forward(*arrays: Any) -> Any:
        return function.apply(*map(torch.tensor, arrays), *constants).detach().numpy()

    def backward(upstream: Any, *arrays: Any) -> Any:
        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        output = function.apply(*tensors, *constants)
        return tuple(gradient.numpy() for gradient in torch.autograd.grad(output, tensors, torch.tensor(upstream)))

    return check_gradients(forward, *at, vjp=backward)


def check_jax(function: Callable[..., Any], *at: Any) -> Certificate:
    """The certificate of a function with a `jax.custom_vjp`."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def backward(upstream: Any, *arrays: Any) -> Any:
        return tuple(map(np.asarray, jax.vjp(function, *arrays)[1](upstream)))

    return check_gradients(lambda *arrays: np.asarray(function(*arrays)), *at, vjp=backward)


def torch_functions() -> Iterator[tuple[str, Any, list[Any], tuple[Any, ...], bool]]:
    """Those of the tutorials on extending PyTorch, and wrong ones: name, class, inputs, constants, whether right."""
    import torch

    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, i: Any) -> Any:
            result = i.exp()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            (result,) = ctx.saved_tensors
            return grad_output * result

    class LegendrePolynomial3(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, input: Any) -> Any:
            ctx.save_for_backward(input)
            return 0.5 * (5 * input**3 - 3 * input)

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            (input,) = ctx.saved_tensors
            return grad_output * 1.5 * (5 * input**2 - 1)

    class Linear(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, input: Any, weight: Any, bias: Any) -> Any:
            ctx.save_for_backward(input, weight, bias)
            return input.mm(weight.t()) + bias.unsqueeze(0)

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            input, weight, _ = ctx.saved_tensors
            return grad_output.mm(weight), grad_output.t().mm(input), grad_output.sum(0)

    class MulConstant(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, tensor: Any, constant: float) -> Any:
            ctx.constant = constant
            return tensor * constant

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            return grad_output * ctx.constant, None

    class ReLU(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, input: Any) -> Any:
            ctx.save_for_backward(input)
            return input.clamp(min=0)

        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            (input,) = ctx.saved_tensors
            grad_input = grad_output.clone()
            grad_input[input < 0] = 0
            return grad_input

    class WrongSquare(Exp):
        @staticmethod
        def forward(ctx: Any, i: Any) -> Any:
            ctx.save_for_backward(i)
            return i * i

    class WrongBias(Linear):
        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            grad_input, grad_weight, _ = Linear.backward(ctx, grad_output)
            return grad_input, grad_weight, grad_output.mean(0)

    class WrongPolynomial(LegendrePolynomial3):
        @staticmethod
        def backward(ctx: Any, grad_output: Any) -> Any:
            (input,) = ctx.saved_tensors
            return grad_output * 1.5 * (1 - 5 * input**2)

    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(4, 3))
    linear = [x, numbers.normal(size=(2, 3)), numbers.normal(size=2)]
    yield "exp", Exp, [x], (), True
    yield "LegendrePolynomial3", LegendrePolynomial3, [x], (), True
    yield "linear", Linear, linear, (), True
    yield "MulConstant", MulConstant, [x], (5.5,), True
    yield "ReLU", ReLU, [x], (), True
    yield "ReLU at 0", ReLU, [np.zeros((2, 2))], (), True
    yield "square without its 2", WrongSquare, [x], (), False
    yield "linear, bias averaged", WrongBias, linear, (), False
    yield "LegendrePolynomial3, sign", WrongPolynomial, [x], (), False


def jax_functions() -> Iterator[tuple[str, Any, list[Any], bool]]:
    """log(1 + exp(x)) as in JAX's own example, right and wrong: name, function, inputs, whether right."""
    import jax
    import jax.numpy as jnp

    for name, sign in (("log1pexp", 1.0), ("log1pexp, sign", -1.0)):

        @jax.custom_vjp
        def log1pexp(x: Any) -> Any:
            return jnp.log1p(jnp.exp(x))

        def forward(x: Any) -> Any:
            return jnp.log1p(jnp.exp(x)), x

        def backward(x: Any, upstream: Any, sign: float = sign) -> Any:
            return (sign * upstream * (1 - 1 / (1 + jnp.exp(x))),)

        log1pexp.defvjp(forward, backward)
        yield name, log1pexp, [np.linspace(-3.0, 3.0, 5)], sign > 0


# Functions of NumPy for which autograd has a rule, by how many inputs they have.
ONE = (
    "negative abs reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh "
    "arcsinh arctanh degrees radians square sqrt sinc sum mean prod var std max min cumsum"
)
TWO = "add subtract multiply divide maximum minimum fmax fmin logaddexp logaddexp2 power arctan2 hypot"


def autograd_rules(sign: float) -> Counter[str]:
    """What came of the checks of all of autograd's scalar rules, times a sign, at several points."""
    import autograd.numpy
    from autograd import make_vjp

    numbers, seen = np.random.default_rng(0), Counter[str]()
    for name, count in [*((name, 1) for name in ONE.split()), *((name, 2) for name in TWO.split())]:
        theirs = getattr(autograd.numpy, name)

        def vjp(upstream: Any, *at: Any, theirs: Any = theirs) -> tuple[Any, ...]:
            return tuple(sign * make_vjp(theirs, place)(*at)[0](upstream) for place in range(len(at)))

        for _ in range(5):
            at = [numbers.uniform(0.1, 0.9, size=4) for _ in range(count)]
            try:
                seen["unresolved" if check_gradients(getattr(np, name), *at, vjp=vjp).open_points else "passed"] += 1
            except GradientMismatch:
                seen["failed"] += 1
    return seen


def main() -> None:
    def shown(name: str, right: bool, check: Callable[[], Certificate]) -> None:
        try:
            said, passed = check().verdict, True
        except GradientMismatch as mismatch:
            said, passed = mismatch.culprit, False
        print(f"| {name} | {'right' if right else 'wrong'} | {said} |{'' if passed == right else ' MISJUDGED'}")

    print("| function | is | the check says |\n|---|---|---|")
    if importlib.util.find_spec("torch"):
        for name, function, at, constants, right in torch_functions():
            shown(f"torch: {name}", right, lambda f=function, a=at, c=constants: check_torch(f, *a, constants=c))
    if importlib.util.find_spec("jax"):
        for name, function, at, right in jax_functions():
            shown(f"jax: {name}", right, lambda f=function, a=at: check_jax(f, *a))
    if importlib.util.find_spec("autograd"):
        for sign in (1.0, -1.0):
            print(
                f"autograd's rules for {len(ONE.split()) + len(TWO.split())} functions, × {sign:.0f}:",
                autograd_rules(sign),
            )


if __name__ == "__main__":
    main()
