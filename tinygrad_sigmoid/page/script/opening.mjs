// The picture of what is in a closed box: the values in columns, each just to the left of all that uses it.

import { svg } from "./elements.mjs";

/** @typedef {import("./graph.mjs").Graph} Graph @typedef {import("./graph.mjs").Value} Value */

// What is inside, and what comes into it from outside, in columns from left to right.
/** @param {Value[]} values @param {number[]} inside in topological order */
export function columnsOf(values, inside) {
  const depth = new Map(inside.map((i) => [i, 0]));
  const depthOf = (/** @type {number} */ i) => depth.get(i) ?? 0;
  for (const i of [...inside].reverse())
    for (const input of values[i].inputs)
      if (!values[input].constant) depth.set(input, Math.max(depthOf(input), depthOf(i) + 1));
  const members = [...depth.keys()].sort((a, b) => a - b);
  const depths = [...new Set(depth.values())].sort((a, b) => b - a);
  return depths.map((d) => members.filter((i) => depthOf(i) === d));
}

// The picture, and each value's box in it.
/** @param {Graph} graph @param {string} name @param {number[]} inside */
export function drawInside(graph, name, inside) {
  const columns = columnsOf(graph.values, inside);
  const height = 62 * Math.max(...columns.map((members) => members.length));
  const size = { width: 270 * columns.length, height };
  const picture = svg("svg", { class: "graph", role: "group", "aria-label": `The inside of ${name}`, ...size });
  /** @type {Map<number, number[]>} */
  const where = new Map();
  columns.forEach((members, c) =>
    members.forEach((i, r) => where.set(i, [10 + 270 * c, height / 2 + 62 * (r - members.length / 2) + 7])),
  );
  for (const i of inside)
    graph.values[i].inputs.forEach((input, operand) => {
      const [from, to] = [where.get(input), where.get(i)];
      if (from && to) picture.append(edgeBetween(from, to, `e${i}.${operand}`));
    });
  /** @type {[number, SVGElement][]} */
  const boxes = [...where].map(([i, place]) => [i, boxAt(place, graph, i)]);
  picture.append(...boxes.map(([_, box]) => box));
  return { picture, boxes };
}

/** @param {number[]} place @param {Graph} graph @param {number} i */
function boxAt([x, y], graph, i) {
  const leaf = graph.leaves.includes(i);
  const kind = leaf ? "leaf" : i === graph.output ? "output" : "computed";
  const frame = svg("rect", { x, y, width: 170, height: 48, rx: leaf ? 0 : 7 });
  const lines = [graph.values[i].name, "", ""];
  const texts = lines.map((line, row) => svg("text", { x: x + 85, y: y + 15 + 13 * row }, line));
  return svg("g", { class: `node ${kind}` }, frame, ...texts);
}

/** @param {number[]} from @param {number[]} to @param {string} id */
function edgeBetween([fromX, fromY], [toX, toY], id) {
  const [x1, y1, x2, y2] = [fromX + 170, fromY + 24, toX, toY + 24];
  const line = svg("path", { d: `M${x1},${y1}L${x2},${y2}` });
  const local = svg("text", { x: x1 + 50, y: y1 + ((y2 - y1) * 50) / (x2 - x1) - 3 });
  return svg("g", { class: "edge", id }, line, local);
}
