"""NumPy's arrays with numbers of many digits in them, so that code written for arrays of floats runs on them unchanged.

NumPy asks the arrays that it is given before it computes (`__array_ufunc__`, `__array_function__`), and those here
answer what it can't do with objects. Only functions that make an array out of nothing must be replaced where a user's
code names them. This file imports NumPy, so it is loaded only once NumPy is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad_sigmoid.operations import log_sigmoid, sigmoid
from tinygrad_sigmoid.testing.precise import CONTEXT, MATH, REPLACEMENTS, Precise, bare, of_mpmath, stand_in_for_floats
from tinygrad_sigmoid.testing.rebinding import Rebinder


class Numbers(np.ndarray[Any, np.dtype[Any]]):
    """An array of `Precise` numbers."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return _entry_by_entry(ufunc, method, *inputs, **options)

    def __array_function__(self, function: Any, kinds: Any, inputs: Any, options: Any) -> Any:
        if function in FUNCTIONS:
            return FUNCTIONS[function](*inputs, **options)
        return lifted(super().__array_function__(function, kinds, inputs, options))

    def astype(self, dtype: Any, *more: Any, **options: Any) -> Any:
        return self.copy() if _for_floats(dtype) else super().astype(dtype, *more, **options)


def filled(shape: tuple[int, ...], entries: Iterable[Precise]) -> Numbers:
    """An array of this shape.

    >>> filled((2,), [Precise(1), Precise(4)]).mean()
    Precise(2.5)
    """
    made: Any = np.empty(shape, object)
    made.reshape(-1)[:] = list(entries)  # unlike np.array, this never looks into what it is given
    return made.view(Numbers)  # type: ignore[no-any-return]


def lifted(thing: Any) -> Any:
    """The same, if it is an array of objects, as an array of numbers of many digits."""
    if isinstance(thing, list | tuple):
        return type(thing)(map(lifted, thing)) if type(thing) in (list, tuple) else thing
    return thing.view(Numbers) if type(thing) is np.ndarray and thing.dtype == object else thing


def _for_floats(dtype: Any) -> bool:
    return np.dtype(dtype).kind in "fO"


def _as_precise(entry: Any) -> Any:
    return Precise(entry) if isinstance(entry, int | float) and not isinstance(entry, bool) else entry


_all_precise = np.frompyfunc(_as_precise, 1, 1)  # what was put into an array afterwards, as in h[h < 0] = 0, is plain
_numbers = np.frompyfunc(bare, 1, 1)


def _precise_array(given: Any) -> Any:
    return lifted(np.asarray(_all_precise(given), object))


def _entry_by_entry(ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    if _for_floats(options.get("dtype")):
        options.pop("dtype", None)
    out = options.get("out", ())
    if out:
        options["out"] = tuple([one.view(np.ndarray) for one in out])
    if method == "at":
        return ufunc.at(inputs[0].view(np.ndarray), *map(_plain, inputs[1:]))
    function: Any = ufunc
    if ufunc is np.matmul and not out and max(map(np.ndim, inputs[1:])) <= 2:
        return _product(*map(_plain, inputs))
    if ufunc.__name__ in ELEMENTWISE:
        function = np.frompyfunc(ELEMENTWISE[ufunc.__name__], ufunc.nin, 1)
    result = getattr(function, method)(*map(_plain, inputs), **options)
    if ufunc.__name__ in TRUTHS:
        return np.asarray(result, bool)[()]
    return (out[0] if len(out) == 1 else out) if out else lifted(result)


def _plain(given: Any) -> Any:
    """What NumPy computes with by itself, without asking back."""
    if isinstance(given, Precise):
        boxed: Any = np.empty((), object)
        boxed[()] = given
        return boxed
    if isinstance(given, np.ndarray) and given.dtype == object:
        return np.asarray(_all_precise(given.view(np.ndarray)))
    return given


def _product(left: Any, right: Any) -> Any:
    """The matrix product, in a seventh of the time that objects multiplied and added one by one take."""
    rows = _numbers(left).reshape(-1, left.shape[-1])
    columns = _numbers(right).reshape(left.shape[-1], -1).T.tolist()
    entries = [of_mpmath(CONTEXT.fdot(row, column)) for row in rows.tolist() for column in columns]
    return filled(left.shape[:-1] + right.shape[1:], entries)[()]


# -- What NumPy and SciPy don't compute with objects -------------------------------------------------------------------


TRUTHS: dict[str, Callable[[Any], bool]] = {
    **{name: MATH[name] for name in ("isfinite", "isinf", "isnan")},
    "signbit": lambda x: bool(bare(x) < 0),
}
COMPUTED: dict[str, Callable[..., Any]] = {
    "copysign": MATH["copysign"],
    "erf": MATH["erf"],
    "erfc": MATH["erfc"],
    "expit": sigmoid,
    "gammaln": MATH["lgamma"],
    "heaviside": lambda x, half: x > 0 if x else half,
    "log_expit": log_sigmoid,
    "logaddexp": lambda x, y: MATH["log"](MATH["exp"](x) + MATH["exp"](y)),
    "logit": lambda x: MATH["log"](x / (1 - x)),
    "ndtr": lambda x: MATH["erfc"](-x / MATH["sqrt"](Precise(2))) / 2,
    "rint": lambda x: CONTEXT.nint(bare(x)),
    "sign": lambda x: (x > 0) - (x < 0),
    "xlogy": lambda x, y: x * MATH["log"](y) if x else x,
}


def _precisely(function: Callable[..., Any]) -> Callable[..., Precise]:
    return lambda *inputs: Precise(function(*map(Precise, inputs)))


ELEMENTWISE = TRUTHS | {name: _precisely(function) for name, function in COMPUTED.items()}


def _of_matrix(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of mpmath for a square matrix."""

    def of_array(array: Any) -> Any:
        result = function(CONTEXT.matrix(_numbers(array).tolist()))
        if not isinstance(result, CONTEXT.matrix):
            return of_mpmath(result)
        return filled((result.rows, result.cols), map(of_mpmath, result))

    return of_array


_inverse = _of_matrix(lambda matrix: CONTEXT.inverse(matrix))
_determinant = _of_matrix(lambda matrix: CONTEXT.det(matrix))


def _filled_like(entry: Any) -> Callable[..., Any]:
    def function(like: Any, *more: Any, dtype: Any = None, shape: Any = None, **_: Any) -> Any:
        made = np.full(np.shape(like) if shape is None else shape, more[0] if entry is None else entry, object)
        return _precise_array(made) if _for_floats(dtype) else made.astype(dtype)

    return function


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.zeros_like: _filled_like(0),
    np.empty_like: _filled_like(0),
    np.ones_like: _filled_like(1),
    np.full_like: _filled_like(None),
    np.dot: lambda a, b: a @ b if np.ndim(a) and np.ndim(b) in (1, 2) else a * b,
    np.nan_to_num: lambda x, *_, **__: x,
    np.linalg.inv: _inverse,
    np.linalg.det: _determinant,
    np.linalg.slogdet: lambda matrix: (np.sign(_determinant(matrix)), np.log(np.abs(_determinant(matrix)))),
    np.linalg.solve: lambda a, b: _inverse(a) @ lifted(np.asarray(b, object)),
    np.linalg.cholesky: _of_matrix(lambda matrix: CONTEXT.cholesky(matrix)),
}


# -- What is replaced where a user's code names it ---------------------------------------------------------------------

# What makes an array out of nothing.
MAKERS = ["array", "asanyarray", "asarray", "ascontiguousarray", "empty", "eye", "full", "identity", "ones", "zeros"]


def _maker(original: Any) -> Any:
    def make(*given: Any, dtype: Any = None, **options: Any) -> Any:
        for one in given[1:]:
            dtype = one if isinstance(one, type | np.dtype | str) else dtype
        if not _for_floats(dtype):
            return original(*[one for one in given if one is not dtype], dtype=dtype, **options)
        made = original(*[one for one in given if one is not dtype], **options)
        return _precise_array(made) if dtype is not None or made.dtype.kind in "fO" else made

    return make


def _install() -> None:
    """From now on, functions that name NumPy can be run on numbers of many digits."""
    replaced = {name: _maker(getattr(np, name)) for name in MAKERS}
    replaced |= {name: stand_in_for_floats(getattr(np, name)) for name in ("float16", "float32", "float64")}
    REPLACEMENTS.extend((getattr(np, name), function) for name, function in replaced.items())
    REPLACEMENTS.append((np, Rebinder.module(np, replaced)))
    methods: dict[str, Any] = {
        "__array_ufunc__": lambda self, *inputs, **options: _entry_by_entry(*inputs, **options),
        **dict.fromkeys(["astype", "conjugate", "copy", "item"], lambda self, *_, **__: self),
        **dict.fromkeys(["real", "T"], property(lambda self: self)),
        "ndim": 0,
        "shape": (),
        "size": 1,
        "sum": lambda self, *_, **__: self,
    }
    for name, method in methods.items():  # a number out of an array is asked for what a np.float64 has
        setattr(Precise, name, method)


_install()
