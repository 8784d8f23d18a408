// What a box does when it is pressed: a leaf's number is typed, a neuron opens or closes, any other goes to its step.

import { lightLines } from "./code.mjs";
import { makeDraggable } from "./dragging.mjs";
import { on } from "./elements.mjs";
import { typeNumber } from "./leaves.mjs";
import { redraw } from "./page.mjs";
import { relate } from "./picture.mjs";
import { goTo } from "./tour.mjs";

// The boxes that Graphviz has drawn.
/** @param {Page} page */
export function startBoxes(page) {
  if (page.graph.columns.length) return;
  for (const layout of page.layouts)
    for (const { id, shown } of page.graph.boxes)
      adoptBox(page, /** @type {SVGElement} */ (layout.picture().querySelector(`[id="${id}"]`)), shown);
}

// A box with a value's numbers in it.
/** @param {Page} page @param {SVGElement} box @param {number} i */
export function adoptBox(page, box, i) {
  box.dataset.value = `${i}`;
  adoptValue(page, box, i);
}

/** @param {Page} page @param {SVGElement} element @param {number} i */
export function adoptValue(page, element, i) {
  const isLeaf = page.graph.leaves.includes(i);
  if (isLeaf) makeDraggable(page, element, i);
  const goThere = () => goTo(page, 1 + page.graph.steps.findIndex((step) => step.value === i));
  adopt(page, element, [i], isLeaf ? () => typeNumber(page, i) : goThere);
}

// A neuron that is pressed opens, and the frame of an open one closes it.
/** @param {Page} page @param {SVGElement} element @param {number} number */
export function adoptNeuron(page, element, number) {
  const { neuron, values } = page.graph.boxes[number];
  const isOpen = page.opened.includes(number);
  element.setAttribute("aria-expanded", `${isOpen}`);
  if (isOpen) element.setAttribute("aria-label", `close ${neuron?.name}`);
  adopt(page, element, values, () => toggle(page, number));
}

/** @param {Page} page @param {number} number */
function toggle(page, number) {
  const { opened } = page;
  const isOpen = opened.includes(number);
  page.opened = isOpen ? opened.filter((other) => other !== number) : [...opened, number];
  page.entered = isOpen ? -1 : number;
  page.view = null;
  point(page, []);
  redraw(page);
}

/** @param {Page} page @param {number[]} values */
function point(page, values) {
  page.pointed = values;
  relate(page, values);
  lightLines(page);
}

// Shows what these values depend on while they are pointed at, and acts when it is pressed.
/** @param {Page} page @param {SVGElement} element @param {number[]} values @param {() => void} act */
export function adopt(page, element, values, act) {
  page.inside.set(element, values);
  on(element, "pointerenter focus", () => point(page, values));
  on(element, "pointerleave blur", () => point(page, []));
  on(element, "click", (/** @type {MouseEvent} */ event) => {
    if (!event.detail || element.getAttribute("role") === "slider") return;
    element.blur(); // a pointer's click leaves the keys as they were
    point(page, values);
  });
  if (!element.matches(".pixel")) press(element, act); // there are too many for the tab key
}

// A leaf is dragged, so only the Enter key presses it.
/** @param {SVGElement} element @param {() => void} act */
function press(element, act) {
  const isLeaf = element.matches(".leaf");
  element.setAttribute("tabindex", "0");
  element.setAttribute("role", isLeaf ? "slider" : "button");
  if (!isLeaf) on(element, "click", act);
  on(element, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && (isLeaf || event.key !== " ")) return;
    event.stopPropagation();
    event.preventDefault(); // or it would press what gets the focus now
    act();
  });
}
