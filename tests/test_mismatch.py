"""What a failed check says, and that it travels: as text, JSON, HTML, picture, pickle, and Python that fails again."""

from __future__ import annotations

import copy
import json
import math
import multiprocessing
import pickle
import re
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings

from tinygrad_sigmoid import Operation, Value, sigmoid, tanh
from tinygrad_sigmoid import exp as exponential
from tinygrad_sigmoid.graph import computed, leaves, topological_order
from tinygrad_sigmoid.testing import GradientMismatch, check_gradients, planted_bug
from tinygrad_sigmoid.testing.sources import Definitions
from tinygrad_sigmoid.testing.strategies import graphs

HALF = 0.5
UPSTREAM = 7.0
LIMITS: Any = (-1.0, [2.0, math.inf])


def mismatch_of(checked: Any, *at: Any, **options: Any) -> GradientMismatch:
    with pytest.raises(GradientMismatch) as caught:
        check_gradients(checked, *at, **options)
    return caught.value


def mismatch_in(code: str) -> GradientMismatch:
    with pytest.raises(GradientMismatch) as caught:
        exec(code, {})
    return caught.value


def halved(x: Any, factor: float = HALF) -> Any:
    return factor * x


def bump(x: float, *unused: NotThere) -> float:  # type: ignore[name-defined] # noqa: F821 (annotations need nothing)
    return math.exp(-halved(x * x))


def bump_derivatives(out: Any, x: Any) -> tuple[Any]:
    clipped = min(LIMITS[1][0], 1.0)
    return (clipped * x * out,)


def scaled_by(scale: float) -> Operation:
    return Operation("scaled", lambda x: scale * x, lambda out, x: (scale + 1e-3,), kink_at=lambda x: x - scale)


softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)),))
gaussian = Operation("gaussian", bump, bump_derivatives)
on_one_line = [
    Operation("cube", lambda x: x**3, lambda out, x: (x**2,)),
    Operation("same", lambda x: x, lambda out, x: (2,)),
]
composed = Operation(
    "composed",
    lambda x: exponential(halved(x)),
    lambda out, x: (
        out,  # the inner derivative is forgotten
    ),
)
for_each_sign = [Operation("times", lambda x, y: x * y, lambda out, x, y, sign=sign: (sign * y, x)) for sign in (-1, 1)]
swish: Operation = Operation("swish", lambda x: x * sigmoid(x), lambda out, x: (sigmoid(x) + swish_slope(out, x),))
swish_slope: Operation = Operation(
    "swish_slope",
    lambda out, x: out * (1 + sigmoid(x)),
    lambda _, out, x: (1 + sigmoid(x), out * sigmoid(x) * sigmoid(-x)),
)

OWN = [softsign, gaussian, *on_one_line, composed, scaled_by(3.0), for_each_sign[0], swish]


# -- Python to paste ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OWN, ids=lambda operation: operation.name)
def test_the_code_of_ones_own_operation_fails_in_the_same_way(operation: Operation) -> None:
    found = mismatch_of(lambda *inputs: tanh(operation(*inputs)), *[0.7, 1.9][: operation.arity])
    assert found.operation is operation
    again = mismatch_in(found.code)
    assert (again.culprit, again.got, again.true) == (found.culprit, found.got, found.true)


def keeps_the_last_only(output: Value) -> dict[Value, float]:
    gradients = {output: 1.0}
    for value in reversed(topological_order(output)):
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            gradients[used] = gradients[value] * local
    return gradients


def partly_outside(x: Any) -> Any:
    return x * x.data if isinstance(x, Value) else x * x


def test_what_only_a_call_shows_is_called_again() -> None:
    found = mismatch_of(partly_outside, 3.0)
    assert found.code.endswith("\ncheck_gradients(partly_outside, 3.0)")
    assert mismatch_in(found.code).culprit == found.culprit


def all_alike(output: Value) -> dict[Value, float]:
    return dict.fromkeys(topological_order(output), UPSTREAM)


@pytest.mark.parametrize(
    ("checked", "at", "backward", "call"),
    [
        (lambda x: x * x, [3.0], keeps_the_last_only, "lambda x: x * x, 3.0, backward=keeps_the_last_only"),
        (Value(3.0, "x") * 2.0, [], all_alike, "v1, backward=all_alike"),
    ],
)
def test_a_backward_pass_of_ones_own_is_in_the_code(checked: Any, at: list[float], backward: Any, call: str) -> None:
    found = mismatch_of(checked, *at, backward=backward)
    assert found.code.endswith(f"\ncheck_gradients({call})")
    assert mismatch_in(found.code).culprit == found.culprit


def test_a_planted_bug_that_is_still_there_is_found_again_by_the_code() -> None:
    with planted_bug("multiply", scale=1.01):
        found = mismatch_of(lambda w, x: sigmoid(w * x), 0.6, 1.0)
        assert found.code == (
            "from tinygrad_sigmoid import Value, multiply\n"
            "from tinygrad_sigmoid.testing import check_gradients\n"
            "w = Value(0.6, 'w')\n"
            "x = Value(1.0, 'x')\n"
            "v1 = multiply(w, x)  # <- here\n"
            "check_gradients(v1)"
        )
        assert "the rule of multiply is wrong" in mismatch_in(found.code).culprit
    exec(found.code, {})


@settings(max_examples=40)
@given(graphs(max_operations=8))
def test_the_code_of_any_graph_records_the_same_again(output: Value) -> None:
    *lines, last = GradientMismatch("", output, shown=computed(output)).code.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    again = eval(last.removeprefix("check_gradients"), names)
    assert again.data == output.data
    assert [value.data for value in leaves(again)] == [value.data for value in leaves(output)]


def test_a_label_that_is_the_name_of_something_in_the_code_is_no_name_there() -> None:
    x = Value(0.5, "softsign")
    found = mismatch_of(softsign(x))
    assert "v1 = Value(0.5, 'softsign')\nv2 = softsign(v1)" in found.code


def test_what_has_no_source_is_missing_in_the_code_and_that_is_said() -> None:
    made: dict[str, Any] = {"Operation": Operation, "thing": object()}
    exec("def rule(out, x):\n    return (2.0,)\ntyped = Operation('typed', lambda x: x, rule)", made)
    found = mismatch_of(made["typed"], 0.5)
    assert "\n# typed is missing here: its source can't be had\n" in found.code
    definitions = Definitions()
    definitions.define("thing", made["thing"])
    definitions.define("HALF", HALF)
    definitions.define("HALF", 2.0)
    assert definitions.lines() == [
        "# thing is missing here: an object of type object has no short text",
        "HALF = 0.5",
        "# something else is called HALF, too: give it another name here",
    ]


class Model:
    """Of a user's own."""

    weight: Value = Value(2.0, "weight")

    def __call__(self, x: Any) -> Any:
        return self.weight * x + OFFSET


OFFSET = Value(1.0, "offset")
TABLES = {"a": 1}


def test_classes_values_and_other_names_are_defined_too() -> None:
    definitions = Definitions()
    assert definitions.written(Model) == "Model"
    assert definitions.written(lambda x: halved(x)) == "lambda x: halved(x)"
    assert definitions.written(-math.inf) == "float('-inf')"
    definitions.define("half", halved)  # by another name
    names: dict[str, Any] = {}
    exec("\n".join(definitions.lines()), names)
    assert names["half"] is names["halved"]
    assert names["Model"]()(3.0).data == 7.0
    assert names["halved"](3.0) == 1.5
    assert "OFFSET = Value(1.0, 'offset')" in definitions.lines()


# -- The message -------------------------------------------------------------------------------------------------------


def test_a_message_without_a_graph_has_what_is_there() -> None:
    assert str(GradientMismatch("W[0, 1] is wrong", got=1.0, true=2.0, tier="with many digits", code="check(f)")) == (
        "W[0, 1] is wrong\n"
        "    got      1.0\n"
        "    true     2.0\n"
        "    error    2.25e+15 ulp (units of the last place)\n"
        "    found    with many digits\n"
        "    check(f)"
    )
    bare = GradientMismatch("the gradient of W has the shape (3,), W has (3, 4)")
    assert str(bare) == bare.culprit
    assert bare.code == ""
    assert math.isnan(bare.error)


def test_a_long_graph_is_cut_in_the_message_only() -> None:
    x = Value(1.0, "x")
    output = sum((x * float(k) for k in range(1, 40)), start=x)
    found = GradientMismatch("all of it", output, shown=computed(output))
    assert len(str(found).splitlines()) < 25
    assert "lines more in .code" in str(found)
    assert len(found.code.splitlines()) > 70


# -- Copies ------------------------------------------------------------------------------------------------------------


def local() -> GradientMismatch:
    return mismatch_of(scaled_by(3.0), 0.7)


def planted() -> GradientMismatch:
    with planted_bug("multiply", sign=True):
        return mismatch_of(lambda a, b: a * b, 0.6, 2.0)


def without_a_graph() -> GradientMismatch:
    return GradientMismatch("dW is wrong", got=math.nan, true=math.inf, bug="sign", code="pass")


def noted() -> GradientMismatch:
    found = mismatch_of(softsign, 0.7)
    found.add_note("Falsifying example: x=0.7")
    return found


TEXTS = ("culprit", "bug", "tier", "code")


@pytest.mark.parametrize("make", [local, planted, without_a_graph, noted])
@pytest.mark.parametrize("copied", [lambda found: pickle.loads(pickle.dumps(found)), copy.copy, copy.deepcopy])
def test_a_copy_says_the_same(make: Callable[[], GradientMismatch], copied: Callable[..., GradientMismatch]) -> None:
    found = make()
    other = copied(found)
    assert type(other) is GradientMismatch
    assert str(other) == str(found)
    assert other.to_json() == found.to_json()
    assert [repr(getattr(other, name)) for name in TEXTS] == [repr(getattr(found, name)) for name in TEXTS]
    assert getattr(other, "__notes__", None) == getattr(found, "__notes__", None)


def test_a_process_pool_hands_it_on() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        raised = pool.submit(check_gradients, softsign, 0.7).exception(timeout=60)
    assert isinstance(raised, GradientMismatch)
    assert str(raised) == str(mismatch_of(softsign, 0.7))


# -- For programs and notebooks ----------------------------------------------------------------------------------------


def test_json_holds_every_text_and_number() -> None:
    data = json.loads(without_a_graph().to_json())
    assert data == {
        "culprit": "dW is wrong",
        "bug": "sign",
        "tier": "",
        "operation": "",
        "got": "NaN",
        "true": "Infinity",
        "error": "NaN",
        "code": "pass",
    }
    assert json.loads(planted().to_json())["operation"] == "multiply"


def test_a_notebook_shows_sentence_numbers_picture_and_code() -> None:
    shown = planted()._repr_html_()
    assert shown.startswith("<p>the rule of multiply is wrong")
    rows = re.sub(r' (scope|style)="[^"]*"', "", shown)
    assert "<tr><th>got</th> <td>-2.0</td></tr>\n<tr><th>true</th> <td>2.0</td></tr>" in rows
    [picture] = re.findall(r'<img alt="[^"]+" src="data:image/svg\+xml;base64,([^"]+)">', shown)
    assert b"wrong rule" in b64decode(picture)
    assert shown.endswith("\ncheck_gradients(v1)</pre>")
    hostile = GradientMismatch("<script>", code="a < b\n    c", tier="<b>")._repr_html_()
    assert re.sub(r' (scope|style)="[^"]*"', "", hostile) == (
        "<p>&lt;script&gt;</p>\n<table>\n<tbody><tr><th>found</th> <td>&lt;b&gt;</td></tr></tbody>\n</table>\n"
        "<pre>a &lt; b\n    c</pre>"
    )


def test_the_picture_marks_the_bad_value_and_edge() -> None:
    [edge] = [line for line in planted().draw().source.splitlines() if "n0 -> n2" in line]
    assert "got −2, true 2" in edge
    assert "penwidth=4" in edge
    x = Value(3.0, "x")
    product = x * x
    product._data = 7.0
    assert "got 7, true 9" in mismatch_of(product).draw().source


def test_without_a_graph_there_is_no_picture_and_that_is_said() -> None:
    with pytest.raises(ValueError, match=r"there is no graph to draw \(dW is wrong\): read the message, or run its"):
        without_a_graph().draw()
