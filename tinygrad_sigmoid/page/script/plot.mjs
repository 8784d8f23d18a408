// The plot of a nudge: the output along the leaf that is moved, and the tangent by which the gradient predicts it.

import { byId, svg } from "./elements.mjs";
import { grain, shown, signed } from "./figures.mjs";
import { numbersOf } from "./graph.mjs";

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

// What can be drawn: the difference of two larger numbers may be too large for a number.
const drawable = (/** @type {number} */ number) => Math.abs(number) < 1e300;

const spanOf = (/** @type {number[]} */ ys) => Math.max(...ys) - Math.min(...ys);

/** @param {Page} page */
export function showPlot(page) {
  const { graph, now } = page;
  const { leaf, start } = page.nudge;
  const { name } = graph.values[leaf];
  const [from, before] = [start.data[leaf], start.data[graph.output]];
  const [to, after] = [now.data[leaf], now.data[graph.output]];
  const reach = 400 * grain(from); // however far the leaf goes, this stays the same
  const [low, high] = [from - reach, from + reach];
  const { xs, curve, step } = curvesOf(page, low, high);
  const tangent = (/** @type {number} */ x) => before + start.gradients[leaf] * (x - from);

  const isInside = to >= low && to <= high;
  const isPlotted = drawable(low) && drawable(high);
  const [own, stepped] = [[...curve, ...(isInside ? [after, tangent(to)] : [])], step].map((ys) => ys.filter(drawable));
  // All that a perceptron gives, unless the curve would be flat beside it.
  const heights = spanOf(own) < spanOf([...own, ...stepped]) / 5 ? own : [...own, ...stepped];
  const [least, most] = [Math.min(...heights), Math.max(...heights)];
  const margin = (most - least || 1) * 0.08;
  const [bottom, top] = [least - margin, most + margin];
  const px = (/** @type {number} */ x) => 72 + (280 * (x - low)) / (high - low);
  const py = (/** @type {number} */ y) => 138 - (130 * (y - bottom)) / (top - bottom);
  const visible = (/** @type {number} */ y) => drawable(y) && y >= bottom && y <= top; // nan is not
  /** @param {number} y @param {number} i @param {number[]} ys */
  const point = (y, i, ys) => {
    if (!isPlotted || !visible(y)) return "";
    return `${visible(ys[i - 1]) ? "L" : "M"}${px(xs[i]).toFixed(1)},${py(y).toFixed(1)}`;
  };
  const path = (/** @type {number[]} */ ys) => ys.map(point).join("");

  const parts = [
    svg("path", { class: "perceptron", d: path(step) }),
    svg("path", { class: "curve", d: path(curve) }),
    svg("path", { class: "tangent", d: path(xs.map(tangent)) }),
  ];
  if (isPlotted && visible(before)) parts.push(svg("circle", { cx: px(from), cy: py(before), r: 5 }));
  if (!isInside) {
    const [edge, tip] = to > high ? [344, 352] : [80, 72];
    parts.push(svg("path", { class: "beyond", d: `M${edge},66L${tip},73L${edge},80z` }));
  } else if (isPlotted && visible(after) && visible(tangent(to))) {
    const d = `M${px(to).toFixed(1)},${py(tangent(to)).toFixed(1)}V${py(after).toFixed(1)}`;
    const title = svg("title", {}, `the remainder: ${signed(after - tangent(to))}`);
    parts.push(svg("path", { class: "gap", d }, title));
    parts.push(svg("rect", { x: px(to) - 4, y: py(after) - 4, width: 8, height: 8 }));
  }
  const answer = graph.asPerceptron?.(...numbersOf(graph, now.data))[0] ?? NaN;
  if (answer > top) parts.push(svg("text", { x: 78, y: 20 }, `perceptron: ${shown(answer)} ↑`));
  if (answer < bottom) parts.push(svg("text", { x: 78, y: 132 }, `perceptron: ${shown(answer)} ↓`));
  byId("curves").replaceChildren(...parts);
  /** @param {number} x @param {number} y @param {string} anchor @param {string} text */
  const tick = (x, y, anchor, text) => svg("text", { x, y, "text-anchor": anchor }, text);
  const end = (/** @type {number} */ number) => (isPlotted && heights.length ? shown(number) : "");
  byId("ticks").replaceChildren(
    tick(72, 154, "start", end(low)),
    tick(352, 154, "end", end(high)),
    tick(212, 171, "middle", isInside ? name : `${name} is ${shown(to)}`),
    tick(68, 18, "end", end(top)),
    tick(68, 138, "end", end(bottom)),
  );
  const across = `The output against ${name}, from ${shown(low)} to ${shown(high)}`;
  const ends = `the tangent predicts ${shown(tangent(to))}, the output is ${shown(after)}`;
  byId("plot").setAttribute("aria-label", `${across}; ${ends}`);
}
