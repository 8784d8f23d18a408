// The sentence of a step and its figures beside what is lit up: forward at the box, backward at the edge. Where the
// sentence would cover a box, the figures stand alone.

import { GAP, around, covered, distance } from "./areas.mjs";
import { byId, writeParts } from "./elements.mjs";
import { boxOf, edgeOf } from "./picture.mjs";
import { told } from "./sentences.mjs";
import { runAt } from "./stops.mjs";

const REACH = 160; // how far it may be from what it belongs to

// Areas along an edge, which is thin and may go all around.
/** @param {Element} [edge] @returns {Area[]} */
function along(edge) {
  const path = edge?.querySelector("path");
  const matrix = path?.getScreenCTM();
  if (!path || !matrix) return [];
  return Array.from({ length: 16 }, (_, k) => {
    const { x, y } = path.getPointAtLength((path.getTotalLength() * (k + 0.5)) / 16).matrixTransform(matrix);
    return { left: x - GAP, top: y - GAP, right: x + GAP, bottom: y + GAP };
  });
}

// Within the frame, off what must be free, and then over little else and not far from the place.
/** @param {Area} place @param {Area} frame @param {Area[]} free @param {Area[]} others @param {HTMLElement} callout */
function beside(place, frame, free, others, { offsetWidth: width, offsetHeight: height }) {
  let [best, least] = [place, Infinity];
  for (let x = place.left - width - REACH; x <= place.right + REACH; x += GAP)
    for (let y = place.top - height - REACH; y <= place.bottom + REACH; y += GAP) {
      const left = Math.max(frame.left + GAP, Math.min(x, frame.right - width - GAP));
      const top = Math.max(frame.top + GAP, Math.min(y, frame.bottom - height - GAP));
      const area = { left, top, right: left + width, bottom: top + height };
      const away = distance(area, place);
      if (away >= least) continue;
      const cost = away + 1000 * Math.ceil(covered(area, free)) + covered(area, others) / 10;
      if (cost < least) [best, least] = [area, cost];
    }
  return best;
}

/** @param {Page} page */
export function showCallout(page) {
  const { graph, now, at } = page;
  const step = runAt(page, at).name ? undefined : graph.steps[at - 1];
  const callout = byId("callout");
  const box = step && boxOf(page, step.value);
  const edge = step?.input === undefined ? undefined : edgeOf(page, step.value, step.operand);
  const lit = edge?.querySelector("text") ?? edge ?? box;
  callout.hidden = !lit;
  if (!step || !lit) return;
  const [, , , figures] = told(graph, now, at);
  writeParts(callout, [[step.sentence, "sentence"], ...figures.slice(1)]);
  const frame = byId("canvas").getBoundingClientRect();
  const own = [lit, ...document.querySelectorAll(".node:is(.active, .target), .edge.active text")].map(around);
  const [place] = own;
  const boxes = [...document.querySelectorAll(".node")].map(around); // those of plain numbers too
  const near = boxes.filter((area) => distance(area, place) < REACH + callout.offsetWidth);
  const free = [...own, ...near];
  const line = along(edge);
  let area = beside(place, frame, free, line, callout);
  if (covered(area, free)) {
    callout.querySelector(".sentence")?.remove();
    area = beside(place, frame, own, [...near, ...line], callout);
  }
  callout.style.left = `${area.left - frame.left}px`;
  callout.style.top = `${area.top - frame.top}px`;
}
