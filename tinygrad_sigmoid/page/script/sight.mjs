// Brings into sight what a step is about, wherever the frame was moved to.

import { around, distance, outside } from "./areas.mjs";
import { byId } from "./elements.mjs";
import { pan, showFrame, whole, zoom } from "./frame.mjs";
import { boxOf, edgeOf } from "./picture.mjs";

const SMALLEST = 0.12; // pixels for a unit of the picture; below it, boxes can't be seen

// Moves the frame as far as the boxes of the step need it that was gone to, and if they are specks, closer.
/** @param {Page} page */
export function showSought(page) {
  const { sought, layout } = page;
  page.sought = null;
  if (!sought) return;
  const frame = byId("canvas").getBoundingClientRect();
  const { scale } = whole(layout);
  if (!page.view && scale < SMALLEST) zoom(page, 1 / scale);
  const { value, input = value, operand } = { operand: -1, ...sought };
  const [from, to, edge] = [boxOf(page, input), boxOf(page, value), edgeOf(page, value, operand)];
  const fromCopy = from && edge && distance(around(from), around(edge)) > 0; // which may stand far from its box
  for (const part of page.view ? (fromCopy ? [from, to, edge] : [to, from]) : []) {
    showFrame(page);
    if (part) pan(page, ...outside(part.getBoundingClientRect(), frame, 20));
  }
}
