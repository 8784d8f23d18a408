// Where in a network each value stands, and where edges to it end and from it begin.

import { pixelPoint } from "./images.mjs";
import { BOX } from "./inside.mjs";

// Edges end and begin at the sides of a box; those of a circle go to its middle, which it covers.
/** @param {Point} middle @param {boolean} down @param {boolean} [open] @returns {Spot} */
export function sidesOf([x, y], down, open = false) {
  const [across, along] = down ? [0, BOX.height / 2] : [BOX.width / 2, 0];
  return { in: [x - across, y - along], out: [x + across, y + along], open };
}

// A point of an open neuron in the whole picture.
/** @param {Thing} thing @param {Point} point @returns {Point} */
export function innerPoint({ x, y, inside }, [left, top]) {
  return inside ? [x - inside.width / 2 + left, y - inside.height / 2 + top] : [x, y];
}

// Values that aren't drawn have no spot.
/** @param {Graph} graph @param {Scene} scene */
export function spotsOf(graph, { things, down }) {
  /** @type {Map<number, Spot>} */
  const spots = new Map();
  for (const thing of things) {
    const { kind, x, y, boxes, inside } = thing;
    if (kind === "rest") continue;
    boxes.forEach((number, k) => {
      const middle = kind === "image" ? pixelPoint(thing, boxes.length, k) : /** @type {Point} */ ([x, y]);
      const spot = kind === "value" ? sidesOf(middle, down) : { in: middle, out: middle, open: false };
      for (const i of graph.boxes[number].values) spots.set(i, spot);
    });
    for (const [i, place] of inside?.boxes ?? []) spots.set(i, sidesOf(innerPoint(thing, place), down, true));
  }
  return spots;
}
