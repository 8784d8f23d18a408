// Where the tour stops: after every step, or, in a network, after all steps of a neuron or a layer.
/// <reference path="../types.d.mts" />

// What a value's steps are taken together with: its closed neuron, or the column of that; outside of neurons, nothing
// but each other. Of an open neuron each step counts.
/** @param {Page} page @param {number} value */
function placeOf({ graph, level, opened }, value) {
  const number = graph.boxOf.get(value) ?? -1;
  const neuron = graph.boxes[number]?.neuron;
  if (!level || opened.includes(number)) return "";
  if (!neuron) return graph.values[value].name;
  return level === 1 ? neuron.name : graph.columns.find(({ boxes }) => boxes.includes(number))?.name ?? "";
}

// All runs, one after the other.
/** @param {Page} page @returns {Run[]} */
function runsOf(page) {
  /** @type {Run[]} */
  const runs = [];
  /** @type {Map<number, string>} */
  const places = new Map();
  page.graph.steps.forEach(({ value }, k) => {
    if (!places.has(value)) places.set(value, placeOf(page, value));
    const name = /** @type {string} */ (places.get(value));
    const run = runs[runs.length - 1];
    if (name && run?.name === name && k !== page.graph.forward) run.last = k + 1;
    else runs.push({ first: k + 1, last: k + 1, name });
  });
  return runs;
}

// The run that a step is in, as far as this step.
/** @param {Page} page @param {number} at @returns {Run} */
export function runAt(page, at) {
  const run = page.level ? runsOf(page).find(({ last }) => last >= at) : undefined;
  return run && at > run.first ? { ...run, last: at } : { first: at, last: at, name: "" };
}

// The last step of the run that a step is in.
/** @param {Page} page @param {number} step */
export const stopFrom = (page, step) => (page.level && runsOf(page).find(({ last }) => last >= step)?.last) || step;
