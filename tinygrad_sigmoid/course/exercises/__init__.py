"""The exercises, in order, and `mark`, which says what is right and what is wrong by its name."""

from tinygrad_sigmoid.course.exercises.listed import EXERCISES
from tinygrad_sigmoid.course.exercises.marking import Marking, mark

__all__ = ["EXERCISES", "Marking", "mark"]
