"""The live page: the graph in a browser, where every leaf can be dragged and both passes follow.

One file that needs no network. The picture is laid out by Graphviz, the arithmetic is generated from the recorded graph
and the table of rules, and what the steps say is written by the rules: the page's own script knows no formula.
"""

from tinygrad_sigmoid.page.build import Page, explore
from tinygrad_sigmoid.page.notebook import live

__all__ = ["Page", "explore", "live"]
