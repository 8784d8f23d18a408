// Brings into sight what a step is about, wherever the frame was moved to.

import { byId } from "./elements.mjs";
import { pan, showFrame, whole, zoom } from "./frame.mjs";
import { boxOf } from "./picture.mjs";

/** @typedef {import("./page.mjs").Page} Page */

const SMALLEST = 0.12; // pixels for a unit of the picture; below it, boxes can't be seen

// Moves the frame as far as the boxes of the step need it that was gone to, and if they are specks, closer.
/** @param {Page} page */
export function showSought(page) {
  const { sought, layout } = page;
  page.sought = null;
  if (!sought) return;
  const canvas = byId("canvas");
  const frame = canvas.getBoundingClientRect();
  /** @param {number} low @param {number} high @param {number} from @param {number} to */
  const missing = (low, high, from, to) => Math.min(0, low - from - 20) || Math.max(0, high - to + 20);
  const { scale } = whole(layout);
  if (!page.view && scale < SMALLEST) zoom(page, 1 / scale);
  for (const value of page.view ? [sought.value, sought.input ?? sought.value] : []) {
    showFrame(page);
    const place = boxOf(page, value)?.getBoundingClientRect();
    if (place)
      pan(
        page,
        missing(place.left, place.right, frame.left, frame.right),
        missing(place.top, place.bottom, frame.top, frame.bottom),
      );
  }
}
