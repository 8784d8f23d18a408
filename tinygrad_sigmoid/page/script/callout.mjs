// The figures of a step beside what is lit up in the picture: forward at the box, backward at the edge.

import { byId, writeParts } from "./elements.mjs";
import { allBoxes, boxOf, edgeOf } from "./picture.mjs";
import { told } from "./sentences.mjs";
import { runAt } from "./stops.mjs";

/** @typedef {import("./page.mjs").Page} Page @typedef {{ left: number, top: number }} Corner */

const GAP = 6; // pixels

// How much of another rectangle one covers.
/** @param {DOMRect} a @param {DOMRect} b */
function overlap(a, b) {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, across) * Math.max(0, down);
}

// Below, above or beside a place, wherever the fewest boxes are covered, within the frame.
/** @param {DOMRect} place @param {DOMRect} frame @param {DOMRect[]} boxes
 *  @param {number} width @param {number} height */
function beside(place, frame, boxes, width, height) {
  const [x, y] = [(place.left + place.right - width) / 2, (place.top + place.bottom - height) / 2];
  const [below, above, right, left] = [place.bottom, place.top - height, place.right, place.left - width];
  const straight = [[x, below + GAP], [right + GAP, y], [left - GAP, y], [x, above - GAP]];
  const corners = [...straight, [right, below], [left, above]];
  const rectangles = corners.map(([left, top]) => {
    const within = (/** @type {number} */ at, /** @type {number} */ low, /** @type {number} */ high) =>
      Math.max(low + GAP, Math.min(at, high - GAP));
    const fitting = [within(left, frame.left, frame.right - width), within(top, frame.top, frame.bottom - height)];
    return new DOMRect(fitting[0], fitting[1], width, height);
  });
  const covered = rectangles.map((one) => [place, ...boxes].reduce((sum, box) => sum + overlap(one, box), 0));
  return rectangles[covered.indexOf(Math.min(...covered))];
}

/** @param {Page} page */
export function showCallout(page) {
  const { graph, now, at } = page;
  const step = runAt(page, at).name ? undefined : graph.steps[at - 1];
  const callout = byId("callout");
  const box = step && boxOf(page, step.value);
  const edge = step?.input === undefined ? null : edgeOf(page, step.value, step.operand);
  const lit = edge?.querySelector("text") ?? edge ?? box;
  callout.hidden = !lit;
  if (!lit) return;
  writeParts(callout, told(graph, now, at)[3].slice(1));
  const [frame, place, ...boxes] = [byId("canvas"), lit, ...allBoxes()].map((one) => one.getBoundingClientRect());
  const corner = beside(place, frame, boxes, callout.offsetWidth, callout.offsetHeight);
  callout.style.left = `${corner.left - frame.left}px`;
  callout.style.top = `${corner.top - frame.top}px`;
}
