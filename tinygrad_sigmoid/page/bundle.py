"""The page's script as one text: the modules in `script/`, each after those that it imports.

A module there is plain JavaScript, which node and browsers load as it stands. In a page all of them share the scope of
one function, which makes no difference: each only declares functions and constants, under names that no other declares,
and imports them under those names. What is written in any other way is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from importlib import resources

_COMMENT = re.compile(r"/\*\*.*?\*/\s*|^ *//[^\n]*\n| // [^\n]*", re.DOTALL | re.MULTILINE)
_IMPORT = re.compile(r'import \{ (\w+(?:, \w+)*) \} from "\./(\w+\.mjs)";')
_DECLARATION = re.compile(r"(export )?(?:function (\w+)\(|const (\w+) = )")
_INSIDE = re.compile(r" |[)}\]]+;?$|$")  # any line of a declaration but its first


@dataclass
class _Module:
    imports: list[tuple[str, str]] = field(default_factory=list)  # from which file, and the name
    names: dict[str, bool] = field(default_factory=dict)  # what is declared, and whether it is exported
    lines: list[str] = field(default_factory=list)


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

    Raises:
        ValueError: A module does more than declare and import, or they import from each other, or something that isn't
            exported, or two declare the same name.
    """
    modules = {file: _read(file, source) for file, source in sorted(sources.items())}
    declared: dict[str, str] = {}
    for file, module in modules.items():
        for name in module.names:
            if declared.setdefault(name, file) != file:
                raise ValueError(
                    f"{declared[name]} and {file} share one scope in a page and both declare {name}: rename one"
                )
        for source, name in module.imports:
            if source not in modules or not modules[source].names.get(name):
                raise ValueError(f"{file} imports {name} from {source}, which doesn't export it: export it there")
    order = TopologicalSorter({file: [source for source, _ in module.imports] for file, module in modules.items()})
    wanted = list(entries)
    for file in wanted:
        wanted += [source for source, _ in modules[file].imports if source not in wanted]
    return "\n".join("\n".join(modules[file].lines).strip() for file in order.static_order() if file in wanted)


def _read(file: str, source: str) -> _Module:
    module = _Module()
    for line in _COMMENT.sub("", source).splitlines():
        if found := _IMPORT.fullmatch(line):
            module.imports += [(found[2], name) for name in found[1].split(", ")]
            continue
        if found := _DECLARATION.match(line):
            module.names[found[2] or found[3]] = bool(found[1])
            line = line.removeprefix("export ")
        elif not _INSIDE.match(line):
            raise ValueError(
                f"{file} has a line that is no import and begins no function or constant: write it as one: {line}"
            )
        if re.search(r"\b(import|export)\b", line):
            raise ValueError(
                f"{file} imports or exports in the middle of a line: do so at the beginning of one: {line}"
            )
        module.lines.append(line)
    return module
