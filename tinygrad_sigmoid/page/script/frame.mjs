// The frame of the picture: which of its two layouts it holds, and which part: all of it, or what was zoomed to.

import { byId } from "./elements.mjs";
import { update } from "./page.mjs";
import { boxOf } from "./picture.mjs";

/** @typedef {import("./page.mjs").Page} Page @typedef {import("./page.mjs").Layout} Layout */
/** @typedef {import("./page.mjs").View} View */

const LARGEST = 1.6; // pixels for a unit when all is shown
const SMALLEST = 0.12; // below it, boxes can't be seen
const CLOSEST = 6; // and when zoomed in
const MARGIN = 8; // pixels around all of it

// Both layouts: the one that the page was made with, and the one that waits beside it.
/** @returns {Layout[]} */
export function layouts() {
  const waiting = /** @type {HTMLTemplateElement} */ (byId("downwards")).content;
  return [byId("canvas"), waiting].map((place) => {
    const picture = /** @type {SVGSVGElement} */ (place.querySelector(".graph"));
    const { width, height } = picture.viewBox.baseVal;
    return { picture, width, height };
  });
}

// All of a layout, in the middle of the frame.
/** @param {Layout} layout @returns {View} */
function whole({ width, height }) {
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
  const { picture } = page.layout;
  const seen = `${x} ${y} ${clientWidth / scale} ${clientHeight / scale}`;
  if (picture.getAttribute("viewBox") !== seen) picture.setAttribute("viewBox", seen); // which lays it out again
}

// The layout that is larger in this frame.
/** @param {Page} page */
function chooseLayout(page) {
  const [across, down] = page.layouts;
  const chosen = whole(down).scale > whole(across).scale ? down : across;
  if (chosen !== page.layout) {
    page.layout = chosen;
    page.view = null;
    byId("canvas").replaceChildren(chosen.picture);
  }
  update(page);
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

// Moves the frame as far as these values' boxes need it, and if they are specks, closer.
/** @param {Page} page @param {number[]} values */
export function bringIntoSight(page, values) {
  const frame = byId("canvas").getBoundingClientRect();
  /** @param {number} low @param {number} high @param {number} from @param {number} to */
  const missing = (low, high, from, to) => Math.min(0, low - from - 20) || Math.max(0, high - to + 20);
  const { scale } = whole(page.layout);
  if (!page.view && scale < SMALLEST) zoom(page, 1 / scale);
  for (const value of page.view ? values : []) {
    showFrame(page);
    const place = boxOf(page, value)?.getBoundingClientRect();
    if (place && byId("canvas").contains(boxOf(page, value) ?? null))
      pan(
        page,
        missing(place.left, place.right, frame.left, frame.right),
        missing(place.top, place.bottom, frame.top, frame.bottom),
      );
  }
}

// Sees to it that all of the picture is shown.
/** @param {Page} page */
export function fit(page) {
  page.view = null;
  update(page);
}

/** @param {Page} page */
export function startFrame(page) {
  new ResizeObserver(() => chooseLayout(page)).observe(byId("canvas"));
}
