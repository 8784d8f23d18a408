// What a box does: a leaf is dragged, a closed box opens, any other goes to the step that computes it.

import { lightLines } from "./code.mjs";
import { byId, on, write } from "./elements.mjs";
import { grain, rounded } from "./figures.mjs";
import { typeNumber } from "./leaves.mjs";
import { drawInside } from "./opening.mjs";
import { begin, moveLeaf, update } from "./page.mjs";
import { relate } from "./picture.mjs";
import { goTo } from "./tour.mjs";

/** @typedef {import("./page.mjs").Page} Page */

/** @param {Page} page */
export function startBoxes(page) {
  for (const { picture } of page.layouts)
    for (const box of page.graph.boxes) {
      const element = picture.querySelector(`[id="${box.id}"]`);
      adoptBox(page, /** @type {SVGElement} */ (element), box);
    }
  const inside = /** @type {HTMLDialogElement} */ (byId("inside"));
  on(byId("inside-close"), "click", () => inside.close());
  on(inside, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // or it would leave the step as well
    inside.close();
  });
  on(inside, "close", () => {
    page.opened = [];
    update(page);
  });
}

// Makes an element a box: with the values in it, the one whose numbers it shows, and its name if it is closed.
/** @param {Page} page @param {SVGElement} box @param {Omit<import("./graph.mjs").Box, "id">} content */
function adoptBox(page, box, { values: own, shown, closed }) {
  const [i] = own;
  const leaf = !closed && page.graph.leaves.includes(i);
  page.inside.set(box, own);
  if (shown !== null) box.dataset.value = `${shown}`;
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", leaf ? "slider" : "button");
  const point = (/** @type {number[]} */ values) => {
    page.pointed = values;
    relate(page, values);
    lightLines(page);
  };
  on(box, "pointerenter focus", () => point(own));
  on(box, "pointerleave blur", () => point([]));

  const act = () => {
    if (leaf) typeNumber(page, i);
    else if (closed) openInside(page, closed, own);
    else goTo(page, 1 + page.graph.steps.findIndex((step) => step.value === i));
  };
  if (leaf) makeDraggable(page, box, i);
  else
    on(box, "click", (/** @type {MouseEvent} */ event) => {
      act();
      if (!event.detail) return;
      box.blur(); // a pointer's click leaves the keys as they were
      point(own);
    });
  on(box, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && (leaf || event.key !== " ")) return;
    event.stopPropagation();
    event.preventDefault(); // or it would press what gets the focus now
    act();
  });
}

/** @param {Page} page @param {SVGElement} box @param {number} leaf */
function makeDraggable(page, box, leaf) {
  /** @type {{ x: number, number: number } | null} */
  let from = null;
  on(box, "pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button) return;
    begin(page, leaf);
    from = { x: event.clientX, number: page.now.data[leaf] };
    box.setPointerCapture(event.pointerId);
  });
  on(box, "pointermove", (/** @type {PointerEvent} */ event) => {
    if (!from) return;
    const { x, number } = from;
    moveLeaf(page, leaf, rounded(number + Math.round(event.clientX - x) * grain(number), number));
  });
  on(box, "pointerup pointercancel", () => (from = null));
  on(box, "keydown", (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    begin(page, leaf);
    const first = page.first.data[leaf];
    moveLeaf(page, leaf, rounded(page.now.data[leaf] + by * grain(first), first));
  });
}

// Opens a closed box below the picture.
/** @param {Page} page @param {string} name @param {number[]} inside */
function openInside(page, name, inside) {
  const { picture, boxes } = drawInside(page.graph, name, inside);
  for (const [i, box] of boxes) adoptBox(page, box, { values: [i], shown: i, closed: null });
  write(byId("inside-name"), name);
  byId("inside-canvas").replaceChildren(picture);
  /** @type {HTMLDialogElement} */ (byId("inside")).show();
  byId("inside-close").focus();
  page.opened = inside;
  update(page);
}
