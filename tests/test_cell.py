"""Pictures in a notebook's cell: as wide as the cell at most, and dark where it is dark."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from browser import Browser

from tinygrad_sigmoid import Network, Neuron, Value, animate, draw, sigmoid, squared_error
from tinygrad_sigmoid.drawing import Drawing, Picture
from tinygrad_sigmoid.drawing.cell import COLOURS, WIDE, in_a_cell
from tinygrad_sigmoid.drawing.looks import GREY

CELL = 740  # pixels, marimo's


def xor() -> Value:
    [output] = Network([2, 2, 1], seed=1)([Value(1.0, "x1"), Value(0.0, "x2")])
    loss: Value = squared_error(output, Value(1.0, "y"))
    return loss


def shown(picture: Value | Drawing | Picture) -> str:
    return picture._repr_svg_() if isinstance(picture, Picture) else picture._repr_mimebundle_()["image/svg+xml"]


PICTURES: dict[str, Callable[[], Value | Drawing | Picture]] = {
    "a small graph": lambda: sigmoid(Value(0.6, "w")),
    "a graph": xor,
    "a drawing": lambda: draw(xor()),
    "a network": lambda: draw(Network([64, 30, 10], seed=1)),
    "a large graph": lambda: squared_error(Network([8, 12, 10, 3], seed=1)([0.5] * 8), [1.0, 0.0, 0.0]),
    "an animation": lambda: animate(Neuron([0.6, -0.4], 0.9)([1.0, 0.5])),
}


def test_every_colour_of_boxes_has_one_for_dark_paper() -> None:
    [closed], x = Network([1, 1], seed=1)([0.5]), Value(1, "x")
    source = draw(closed + x * x, collapse="layer1", marks={x: "here"}).source
    colours = set(re.findall("#[0-9a-fA-F]{6}", source))
    assert colours - {GREY} == {light for light, _ in COLOURS}


@pytest.mark.parametrize("attributes", ['width="701"', 'width="600pt" height="9pt"', 'style="--a:1s" width="2000"'])
def test_a_wide_picture_is_made_as_wide_as_its_cell(attributes: str) -> None:
    root = fromstring(in_a_cell(f'<svg {attributes} viewBox="0 0 9 9"><g/></svg>'))
    assert root.attrib.keys() == {"style", "viewBox"}
    assert root.attrib["style"].startswith("width:100%;max-width:")
    assert ("--a:1s" in root.attrib["style"]) == ("--a" in attributes)


@pytest.mark.parametrize("attributes", [f'width="{WIDE}"', 'width="525pt" height="9pt"'])
def test_a_narrow_picture_keeps_its_size(attributes: str) -> None:
    picture = f'<svg {attributes} viewBox="0 0 9 9"><g/></svg>'
    assert in_a_cell(picture) == picture


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    opened = Browser()
    yield opened
    opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_in_a_cell_a_picture_fits_and_has_the_cells_colours_not_the_systems(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    svg = shown(PICTURES[name]())
    image = base64.b64encode(svg.encode()).decode()
    for inside in (svg[svg.index("<svg") :], f'<img src="data:image/svg+xml;base64,{image}">'):
        for scheme, system in (("dark", "light"), ("light", "dark")):
            page = tmp_path / "cell.html"
            page.write_text(
                f'<!DOCTYPE html><html style="color-scheme:{scheme}"><meta charset="utf-8"><body style="margin:0">'
                f'<div id="cell" style="width:{CELL}px">{inside}</div>',
                encoding="utf-8",
            )
            browser.show_as(dark=system == "dark")
            browser.open(page)
            assert browser.run("return document.querySelector('#cell').scrollWidth") <= CELL
            assert darkness(browser) == scheme


def darkness(browser: Browser) -> str:
    """What most of the picture's area is: dark, light, or nothing but the page."""
    png = browser.driver.find_element("id", "cell").screenshot_as_base64
    return str(
        browser.driver.execute_async_script(
            """const done = arguments[1], image = new Image();
            image.onload = () => {
              const [canvas, counts] = [document.createElement('canvas'), { dark: 0, light: 0 }];
              [canvas.width, canvas.height] = [image.width, image.height];
              const context = canvas.getContext('2d');
              context.drawImage(image, 0, 0);
              const { data } = context.getImageData(0, 0, image.width, image.height);
              for (let k = 0; k < data.length; k += 4) {
                const [red, green, blue] = data.slice(k, k + 3);
                if (Math.max(red, green, blue) < 90) counts.dark += 1;
                if (Math.min(red, green, blue) > 200) counts.light += 1;
              }
              done(counts.dark > counts.light ? 'dark' : 'light');
            };
            image.src = `data:image/png;base64,${arguments[0]}`;""",
            png,
        )
    )
