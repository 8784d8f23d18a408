// A leaf's box is dragged, or moved by the arrow keys.

import { on } from "./elements.mjs";
import { grain, rounded } from "./figures.mjs";
import { begin, moveLeaf } from "./page.mjs";

/** @param {Page} page @param {SVGElement} box @param {number} leaf */
export function makeDraggable(page, box, leaf) {
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
