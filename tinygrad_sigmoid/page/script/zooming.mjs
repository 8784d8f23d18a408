// What zooms and moves the picture: the wheel, one pointer or two, keys and buttons, and a frame of another size.

import { byId, on } from "./elements.mjs";
import { pan, zoom } from "./frame.mjs";
import { redraw, update } from "./page.mjs";

/** @param {Page} page */
function startPointers(page) {
  const canvas = byId("canvas");
  /** @type {Map<number, { x: number, y: number }>} */
  const held = new Map();
  let moved = 0; // pixels since the pointer went down: a few are still a click
  /** @returns {[number, number, number]} the middle of what is held, and how far apart */
  const grip = () => {
    const pointers = [...held.values()];
    const [a, b] = [pointers[0], pointers[pointers.length - 1]];
    return [(a.x + b.x) / 2, (a.y + b.y) / 2, Math.hypot(a.x - b.x, a.y - b.y)];
  };
  on(canvas, "pointerdown", (/** @type {PointerEvent & { target: Element }} */ event) => {
    if (event.button || event.target.closest(".leaf")) return;
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = 0;
  });
  on(window, "pointermove", (/** @type {PointerEvent} */ event) => {
    const pointer = held.get(event.pointerId);
    if (!pointer) return;
    const [x, y, apart] = grip();
    [pointer.x, pointer.y] = [event.clientX, event.clientY];
    const [newX, newY, newApart] = grip();
    moved += Math.hypot(x - newX, y - newY);
    pan(page, x - newX, y - newY);
    const { left, top } = canvas.getBoundingClientRect();
    if (apart && newApart) zoom(page, newApart / apart, newX - left, newY - top);
  });
  on(window, "pointerup pointercancel", (/** @type {PointerEvent} */ event) => held.delete(event.pointerId));
  const swallow = (/** @type {Event} */ event) => moved > 5 && event.stopPropagation();
  canvas.addEventListener("click", swallow, { capture: true });
  on(canvas, "wheel", (/** @type {WheelEvent} */ event) => {
    if (window.parent !== window && !event.ctrlKey) return; // a notebook's own wheel
    event.preventDefault();
    const { left, top } = canvas.getBoundingClientRect();
    zoom(page, 2 ** (-event.deltaY / (event.ctrlKey ? 100 : 400)), event.clientX - left, event.clientY - top);
  });
}

/** @param {Page} page */
export function startZooming(page) {
  const all = () => {
    page.view = null;
    update(page);
  };
  /** @type {Record<string, () => void>} */
  const keys = { "+": () => zoom(page, 1.25), "=": () => zoom(page, 1.25), "-": () => zoom(page, 0.8), 0: all };
  /** @type {Record<string, [number, number]>} */
  const ways = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] };
  on(document, "keydown", (/** @type {KeyboardEvent & { target: Element }} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    if (event.shiftKey && ways[event.key]) pan(page, ...ways[event.key]);
    else keys[event.key]?.();
  });
  on(byId("closer"), "click", keys["+"]);
  on(byId("farther"), "click", keys["-"]);
  on(byId("fit"), "click", all);
  startPointers(page);
  new ResizeObserver(() => redraw(page)).observe(byId("canvas"));
}
