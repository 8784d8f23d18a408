// The frame of the picture: which of two layouts it holds, and which part: all of it, or what was zoomed to.

import { byId } from "./elements.mjs";
import { update } from "./page.mjs";

const LARGEST = 1.6; // pixels for a unit when all is shown
const LEGIBLE = 0.7; // below it, numbers are hard to read
const CLOSEST = 6; // and when zoomed in
const MARGIN = 8; // pixels around all of it

// Both layouts of Graphviz: the one that the page was made with, and the one that waits beside it. Blank for a network.
/** @returns {Layout[]} */
export function layouts() {
  const waiting = /** @type {HTMLTemplateElement} */ (byId("downwards")).content;
  return [byId("canvas"), waiting].map((place, k) => {
    const picture = /** @type {SVGSVGElement} */ (place.querySelector(".graph"));
    const { width, height } = picture.viewBox.baseVal;
    return { picture: () => picture, width, height, down: k > 0 };
  });
}

// All of a layout, in the middle of the frame.
/** @param {Layout} layout @returns {View} */
export function whole({ width, height }) {
  const { clientWidth, clientHeight } = byId("canvas");
  const scale = Math.min((clientWidth - MARGIN) / width, (clientHeight - MARGIN) / height, LARGEST);
  return { x: (width - clientWidth / scale) / 2, y: (height - clientHeight / scale) / 2, scale };
}

/** @param {Page} page */
const viewOf = ({ view, layout }) => view ?? whole(layout);

/** @param {Page} page */
export function showFrame(page) {
  const { x, y, scale } = viewOf(page);
  const { clientWidth, clientHeight } = byId("canvas");
  const picture = document.querySelector("#canvas .graph");
  const seen = `${x} ${y} ${clientWidth / scale} ${clientHeight / scale}`;
  if (picture?.getAttribute("viewBox") !== seen) picture?.setAttribute("viewBox", seen); // which lays it out again
}

// Shows that of Graphviz's layouts which is larger in this frame.
/** @param {Page} page */
export function showLarger(page) {
  const [across, down] = page.layouts;
  if (page.stale) showPicture(page, whole(down).scale > whole(across).scale ? down : across);
  page.stale = false;
}

/** @param {Page} page @param {Layout} chosen */
export function showPicture(page, chosen) {
  if (chosen === page.layout) return;
  if (chosen.down !== page.layout.down) page.view = null;
  page.layout = chosen;
  const canvas = byId("canvas");
  const focused = canvas.contains(document.activeElement) && document.activeElement?.id;
  canvas.replaceChildren(chosen.picture());
  if (focused) byId(focused)?.focus();
}

// Moves the frame by so many pixels.
/** @param {Page} page @param {number} byX @param {number} byY */
export function pan(page, byX, byY) {
  const { x, y, scale } = viewOf(page);
  page.view = { x: x + byX / scale, y: y + byY / scale, scale };
  update(page);
}

// What is at this place of the frame stays there; from far enough away all is shown.
/** @param {Page} page @param {number} factor @param {number} [atX] @param {number} [atY] */
export function zoom(page, factor, atX = byId("canvas").clientWidth / 2, atY = byId("canvas").clientHeight / 2) {
  const { x, y, scale } = viewOf(page);
  const zoomed = Math.min(scale * factor, CLOSEST);
  const by = 1 / scale - 1 / zoomed;
  page.view = zoomed > whole(page.layout).scale ? { x: x + atX * by, y: y + atY * by, scale: zoomed } : null;
  update(page);
}

// Where all of the picture is too small to read, shows only this much of it.
/** @param {Page} page @param {{ x: number, y: number, width: number, height: number }} part its middle and its size */
export function lookAt(page, { x, y, width, height }) {
  const { clientWidth, clientHeight } = byId("canvas");
  const scale = Math.min(clientWidth / width, clientHeight / height, 1);
  page.view = null;
  if (whole(page.layout).scale < Math.min(LEGIBLE, 0.95 * scale))
    page.view = { x: x - clientWidth / scale / 2, y: y - clientHeight / scale / 2, scale };
}
