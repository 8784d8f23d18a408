"""The exercises, in order."""

from __future__ import annotations

from tinygrad_sigmoid.course.exercises import chain, order, own_value, passes, rules, tuning
from tinygrad_sigmoid.course.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = (
    rules.MULTIPLY,
    rules.DIVIDE,
    rules.TANH,
    chain.CHAIN_RULE,
    chain.EQUATION_5,
    rules.STABLE_SIGMOID,
    rules.SIGMOID_SLOPE,
    order.ORDER,
    passes.BACKWARD,
    passes.FIND_THE_BUG,
    own_value.OWN_VALUE,
    chain.COST,
    chain.DESCENT,
    tuning.TRAIN,
    tuning.LAYER,
)
