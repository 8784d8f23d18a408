"""The page's script as one text: the modules in `script/`, each after those that it imports.

A module there is plain JavaScript, which node and browsers load as it stands. In a page all of them share the scope of
one function, which makes no difference: each only declares functions and constants, under names that no other declares,
and imports them by those names, in one line for each module. The tests hold that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import TopologicalSorter
from importlib import resources

_IMPORT = re.compile(r'^import \{ [\w, ]+ \} from "\./(\w+\.mjs)";\n', re.MULTILINE)
_COMMENT = re.compile(r"/\*\*.*?\*/\s*|^ *//[^\n]*\n| // [^\n]*", re.DOTALL | re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@cache
def script(*entries: str) -> str:
    """The script of a page: these modules, and all that they import."""
    files = resources.files(__package__).joinpath("script").iterdir()
    return bundle({file.name: file.read_text(encoding="utf-8") for file in files}, entries)


def bundle(sources: Mapping[str, str], entries: Iterable[str]) -> str:
    """Modules and those that they import as one text, without comments, which are for whoever reads or checks them.

    >>> print(bundle({"four.mjs": 'import { two } from "./two.mjs";\\nconst four = two + two;',
    ...               "two.mjs": "export const two = 2;", "three.mjs": "export const three = 3;"}, ["four.mjs"]))
    const two = 2;
    const four = two + two;

    Args:
        sources: The text of each module, by the name of its file.
        entries: The files whose modules are wanted.
    """
    imported = {file: _IMPORT.findall(source) for file, source in sorted(sources.items())}
    wanted = list(entries)
    for file in wanted:
        wanted += [source for source in imported[file] if source not in wanted]
    order = [file for file in TopologicalSorter(imported).static_order() if file in wanted]
    return "\n".join(_EXPORT.sub("", _COMMENT.sub("", _IMPORT.sub("", sources[file]))).strip() for file in order)
