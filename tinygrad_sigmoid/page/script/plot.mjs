// The plot of a nudge: the output along the leaf that is moved, and the tangent by which the gradient predicts it.

import { byId, svg } from "./elements.mjs";
import { shown } from "./figures.mjs";
import { numbersOf } from "./graph.mjs";
import { rangeOf } from "./leaves.mjs";

/** @typedef {import("./page.mjs").Page} Page */

// The output along the leaf, all others as they were when the nudge began: it stays the same while the leaf is dragged.
/** @param {Page} page @param {number} low @param {number} high */
function curvesOf({ graph, nudge }, low, high) {
  const { leaf, start, curves } = nudge;
  if (curves?.low === low && curves.high === high) return curves;
  const xs = Array.from({ length: 121 }, (_, i) => low + ((high - low) * i) / 120);
  const points = xs.map((x) => numbersOf(graph, start.data, leaf, x));
  const { compute, asPerceptron, output } = graph;
  const curve = points.map((numbers) => compute(...numbers)[0][output]);
  const step = asPerceptron ? points.map((numbers) => asPerceptron(...numbers)[0]) : [];
  return (nudge.curves = { low, high, xs, curve, step });
}

/** @param {Page} page */
export function showPlot(page) {
  const { graph, now } = page;
  const { leaf, start } = page.nudge;
  const { name } = graph.values[leaf];
  const [from, before] = [start.data[leaf], start.data[graph.output]];
  const [to, after] = [now.data[leaf], now.data[graph.output]];
  const [low, high] = rangeOf(page, leaf);
  const { xs, curve, step } = curvesOf(page, low, high);
  const tangent = (/** @type {number} */ x) => before + start.gradients[leaf] * (x - from);

  const heights = [...curve, ...step, after].filter(Number.isFinite);
  const [least, most] = [Math.min(...heights), Math.max(...heights)];
  const margin = (most - least || 1) * 0.08;
  const [bottom, top] = [least - margin, most + margin];
  const px = (/** @type {number} */ x) => 70 + (280 * (x - low)) / (high - low);
  const py = (/** @type {number} */ y) => 188 - (178 * (y - bottom)) / (top - bottom);
  const visible = (/** @type {number} */ y) => y >= bottom && y <= top; // nan is not
  /** @param {number} y @param {number} i @param {number[]} ys */
  const point = (y, i, ys) => {
    if (!visible(y)) return "";
    return `${visible(ys[i - 1]) ? "L" : "M"}${px(xs[i]).toFixed(1)},${py(y).toFixed(1)}`;
  };
  const path = (/** @type {number[]} */ ys) => ys.map(point).join("");

  const parts = [
    svg("path", { class: "perceptron", d: path(step) }),
    svg("path", { class: "curve", d: path(curve) }),
    svg("path", { class: "tangent", d: path(xs.map(tangent)) }),
  ];
  if (Number.isFinite(py(before))) parts.push(svg("circle", { cx: px(from), cy: py(before), r: 5.5 }));
  if (Number.isFinite(py(after))) parts.push(svg("rect", { x: px(to) - 4.5, y: py(after) - 4.5, width: 9, height: 9 }));
  byId("curves").replaceChildren(...parts);
  /** @param {number} x @param {number} y @param {string} anchor @param {string} text */
  const tick = (x, y, anchor, text) => svg("text", { x, y, "text-anchor": anchor }, text);
  byId("ticks").replaceChildren(
    tick(70, 203, "start", shown(low)),
    tick(350, 203, "end", shown(high)),
    tick(210, 216, "middle", name),
    tick(66, 20, "end", shown(top)),
    tick(66, 188, "end", shown(bottom)),
  );
  const across = `The output against ${name}, from ${shown(low)} to ${shown(high)}`;
  const ends = `the tangent predicts ${shown(tangent(to))}, the output is ${shown(after)}`;
  byId("plot").setAttribute("aria-label", `${across}; ${ends}`);
}
