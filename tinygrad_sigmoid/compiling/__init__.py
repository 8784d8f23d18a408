"""A recorded graph is a program: here it becomes text, arrays or machine code that computes the same again, faster.

Everything starts with one walk (`lowering`), which says the graph and its gradients in elementary operations. The
targets know those few and nothing else: σ, and whatever you add to the table, reaches them through its row.
"""

from tinygrad_sigmoid.compiling.program import Program
from tinygrad_sigmoid.compiling.targets import compiled

__all__ = ["Program", "compiled"]
