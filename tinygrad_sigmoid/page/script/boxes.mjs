// What a box does when it is pressed: a leaf's number is typed, a neuron opens or closes, any other goes to its step.

import { lightLines } from "./code.mjs";
import { makeDraggable } from "./dragging.mjs";
import { on } from "./elements.mjs";
import { typeNumber } from "./leaves.mjs";
import { redraw } from "./page.mjs";
import { relate } from "./picture.mjs";
import { goTo } from "./tour.mjs";

/** @typedef {import("./page.mjs").Page} Page */

// The boxes that Graphviz has drawn.
/** @param {Page} page */
export function startBoxes(page) {
  if (page.graph.columns.length) return;
  for (const layout of page.layouts)
    for (const { id, values, shown } of page.graph.boxes) {
      const element = layout.picture().querySelector(`[id="${id}"]`);
      adoptBox(page, /** @type {SVGElement} */ (element), { values, shown, opens: -1 });
    }
}

/** @param {Page} page @param {number[]} values */
function point(page, values) {
  page.pointed = values;
  relate(page, values);
  lightLines(page);
}

// Makes an element a box: with the values in it, the one whose numbers it shows, and the neuron that it opens.
/** @param {Page} page @param {SVGElement} box
 *  @param {{ values: number[], shown: number | null, opens: number }} content */
export function adoptBox(page, box, { values, shown, opens }) {
  const [i] = values;
  const leaf = opens < 0 && page.graph.leaves.includes(i);
  page.inside.set(box, values);
  if (shown !== null) box.dataset.value = `${shown}`;
  if (leaf) makeDraggable(page, box, i);
  answer(page, box, values);
  if (box.matches(".pixel")) return; // there are too many for the tab key
  const goThere = () => goTo(page, 1 + page.graph.steps.findIndex((step) => step.value === i));
  if (opens >= 0) box.setAttribute("aria-expanded", "false");
  press(box, leaf, leaf ? () => typeNumber(page, i) : opens >= 0 ? () => toggle(page, opens) : goThere);
}

// An open neuron's frame closes it.
/** @param {Page} page @param {SVGElement} frame @param {number} number @param {number[]} values */
export function adoptFrame(page, frame, number, values) {
  frame.setAttribute("aria-expanded", "true");
  frame.setAttribute("aria-label", `close ${page.graph.boxes[number].neuron?.name}`);
  answer(page, frame, values);
  press(frame, false, () => toggle(page, number));
}

// Shows the next ones of many.
/** @param {Page} page @param {SVGElement} box @param {string} key @param {number[]} values
 *  @param {number} next */
export function adoptRest(page, box, key, values, next) {
  page.inside.set(box, values);
  answer(page, box, values);
  press(box, false, () => {
    page.windows.set(key, next);
    redraw(page);
  });
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

// Shows what these values depend on while they are pointed at.
/** @param {Page} page @param {SVGElement} box @param {number[]} values */
function answer(page, box, values) {
  on(box, "pointerenter focus", () => point(page, values));
  on(box, "pointerleave blur", () => point(page, []));
  on(box, "click", (/** @type {MouseEvent} */ event) => {
    if (!event.detail || box.getAttribute("role") === "slider") return;
    box.blur(); // a pointer's click leaves the keys as they were
    point(page, values);
  });
}

/** @param {SVGElement} box @param {boolean} leaf @param {() => void} act */
function press(box, leaf, act) {
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", leaf ? "slider" : "button");
  if (!leaf) on(box, "click", act);
  on(box, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && (leaf || event.key !== " ")) return;
    event.stopPropagation();
    event.preventDefault(); // or it would press what gets the focus now
    act();
  });
}
