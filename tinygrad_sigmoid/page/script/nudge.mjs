// The nudge: what the gradients predict when a leaf is moved, what happens, and why that may be something else.

import { byId, on, write } from "./elements.mjs";
import { bracketed, shown, signed } from "./figures.mjs";
import { dependentsOf, numbersOf } from "./graph.mjs";
import { startNudge } from "./page.mjs";

const BAD = 0.1; // the share of a change from which a remainder is explained
const NAME = /^[\p{L}\p{N}_.#]{1,12}$/u; // what can stand behind Δ in an equation
const FLAT = 0.05; // the local derivative below which a value is called saturated

/** @param {Graph} graph @param {Nudge} nudge @param {Moment} now */
export function changesOf({ output }, { leaf, start }, now) {
  const change = now.data[leaf] - start.data[leaf];
  const predicted = start.gradients[leaf] * change;
  const actual = now.data[output] - start.data[output];
  return { change, predicted, actual, remainder: actual - predicted };
}

// Why a prediction is bad: because the curve bends, and perhaps because something on the way is flat.
/** @param {Graph} graph @param {Nudge} nudge @param {Moment} now */
export function why(graph, { leaf, start }, now) {
  const { change, predicted, actual, remainder } = changesOf(graph, { leaf, start }, now);
  if (!(Math.abs(remainder) > BAD * Math.max(Math.abs(actual), Math.abs(predicted)))) return "";
  const [before, after] = [start, now].map(({ gradients }) => gradients[leaf]);
  const bend = ((after - before) * change) / 2; // ½·f″·Δ², its f″ being the change of the gradient for a change of 1
  const second = `½·(${shown(after)} − ${bracketed(shown(before))})·${bracketed(shown(change))}`;
  const concerned = dependentsOf(graph.values, [leaf]);
  /** @param {Moment} moment @param {string} verb */
  const saturated = ({ local }, verb) => {
    const flat = [...concerned].find((i) => local[i].length === 1 && Math.abs(local[i][0]) < FLAT);
    if (flat === undefined) return "";
    const { name, pattern } = graph.values[flat];
    const what = /^(σ|tanh)\(/.test(`${pattern?.[0]}`) ? "saturated" : "flat";
    return ` ${name} ${verb} ${what}: its slope ${verb} ${shown(local[flat][0])}.`;
  };
  const flatness = saturated(start, "was") || saturated(now, "is");
  return `The curve bends: ½·output″·Δ² is about ${second} = ${signed(bend)}.${flatness}`;
}

/** @param {Page} page */
export function showNudge({ graph, now, nudge }) {
  const { leaf, start } = nudge;
  const [name, output] = [leaf, graph.output].map((i) => graph.values[i].name);
  const { change, predicted, actual, remainder } = changesOf(graph, nudge, now);
  const invitation = `Drag ${name}, or another leaf: what do the gradients predict, and what happens?`;
  const [from, to] = [start, now].map(({ data }) => shown(data[leaf]));
  const sentence = from === to ? `${name} was changed by ${shown(change)}.` : `${name} went from ${from} to ${to}.`;
  const texts = {
    "nudge-sentence": change ? sentence : invitation,
    "output-name": NAME.test(output) ? output : "output",
    change: bracketed(shown(change)),
    gradient: shown(start.gradients[leaf]),
    predicted: signed(predicted),
    actual: signed(actual),
    remainder: signed(remainder),
    why: why(graph, nudge, now),
  };
  for (const [id, text] of Object.entries(texts)) write(byId(id), text);
  const { asPerceptron } = graph;
  byId("row-perceptron").hidden = byId("key-perceptron").hidden = !asPerceptron;
  if (!asPerceptron) return;
  const [before, after] = [start, now].map(({ data }) => asPerceptron(...numbersOf(graph, data))[0]);
  const flip = after === before ? "none" : signed(after - before);
  write(byId("perceptron"), `${flip} (${shown(before)} → ${shown(after)})`);
}

/** @param {Page} page */
export function startNudging(page) {
  on(byId("anew"), "click", () => startNudge(page, page.nudge.leaf));
}
