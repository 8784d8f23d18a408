// The nudge: what the gradients predict when a leaf is moved, and what happens.

import { byId, on, write } from "./elements.mjs";
import { shown, signed } from "./figures.mjs";
import { numbersOf } from "./graph.mjs";
import { startNudge } from "./page.mjs";

/** @typedef {import("./page.mjs").Page} Page */

/** @param {Page} page */
export function showNudge({ graph, now, nudge: { leaf, start } }) {
  const { name } = graph.values[leaf];
  const [from, to] = [start.data[leaf], now.data[leaf]];
  const predicted = start.gradients[leaf] * (to - from);
  const actual = now.data[graph.output] - start.data[graph.output];
  const invitation = `Drag ${name}, or another leaf: what do the gradients predict, and what happens?`;
  const texts = {
    "nudge-sentence": from === to ? invitation : `${name} went from ${shown(from)} to ${shown(to)}.`,
    "said-change": `change of ${name}`,
    change: signed(to - from),
    gradient: shown(start.gradients[leaf]),
    predicted: signed(predicted),
    actual: signed(actual),
    remainder: signed(actual - predicted),
  };
  for (const [id, text] of Object.entries(texts)) write(byId(id), text);
  const { asPerceptron } = graph;
  byId("row-perceptron").hidden = byId("key-perceptron").hidden = !asPerceptron;
  if (!asPerceptron) return;
  const [before, after] = [start, now].map(({ data }) => asPerceptron(...numbersOf(graph, data))[0]);
  const change = after === before ? "none" : signed(after - before);
  write(byId("perceptron"), `${change} (${shown(before)} → ${shown(after)})`);
}

/** @param {Page} page */
export function startNudging(page) {
  on(byId("anew"), "click", () => startNudge(page, page.nudge.leaf));
}
