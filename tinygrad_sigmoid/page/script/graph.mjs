// The recorded graph, what both passes give at any numbers of its leaves, and what depends on what.
/// <reference path="../types.d.mts" />

/** @param {Recorded} recorded @param {Programs} programs @returns {Graph} */
export function graphOf(recorded, programs) {
  const { values } = recorded;
  const leaves = [...values.keys()].filter((i) => !values[i].constant && !values[i].inputs.length);
  const boxes = recorded.boxes.map((box) => boxWith(values, box));
  const boxOf = new Map(boxes.flatMap((box, number) => box.values.map((i) => [i, number])));
  return { ...recorded, ...programs, boxes, output: values.length - 1, leaves, boxOf };
}

// A product has all weights first, and then what they are multiplied by.
/** @param {Value[]} values @param {RecordedBox} box @returns {Box} */
function boxWith(values, box) {
  const shown = box.values[box.values.length - 1];
  const factors = box.neuron ? values[box.neuron.product].inputs : [];
  const half = factors.length / 2;
  return { ...box, id: `n${shown}`, shown, weights: factors.slice(0, half), sources: factors.slice(half) };
}

/** @param {Graph} graph @param {number[]} numbers of all leaves @returns {Moment} */
export function momentAt(graph, numbers) {
  const [data, local, gradients] = graph.compute(...numbers);
  return { data, local, gradients };
}

// The numbers of all leaves, with another for one of them if it is given.
/** @param {Graph} graph @param {number[]} data @param {number} [leaf] @param {number} [number] */
export function numbersOf(graph, data, leaf, number = NaN) {
  return graph.leaves.map((i) => (i === leaf ? number : data[i]));
}

// What is known after the first steps.
/** @param {Graph} graph @param {Moment} now @param {number} count @returns {Known} */
export function known({ values, steps, forward, output }, now, count) {
  const data = values.map((value, i) => (value.inputs.length ? null : now.data[i]));
  /** @type {(number | null)[]} */
  const gradients = values.map((_, i) => (i === output && count > forward ? 1 : null));
  for (const step of steps.slice(0, count)) {
    if (step.input === undefined) data[step.value] = now.data[step.value];
    else if (step.played) gradients[step.input] = step.played.after;
    else {
      const upstream = /** @type {number} */ (gradients[step.value]);
      gradients[step.input] = (gradients[step.input] ?? 0) + upstream * now.local[step.value][step.operand];
    }
  }
  return { data, gradients, local: count > forward ? now.local : null };
}

// These values and all that they depend on.
/** @param {Value[]} values @param {number[]} own */
export function dependenciesOf(values, own) {
  const found = new Set(own);
  for (const i of found) for (const input of values[i].inputs) found.add(input);
  return found;
}

// These values and all that depend on them.
/** @param {Value[]} values @param {number[]} own */
export function dependentsOf(values, own) {
  const found = new Set(own);
  values.forEach(({ inputs }, i) => inputs.some((input) => found.has(input)) && found.add(i));
  return found;
}

// The leaf that is nudged unless another is asked for: the first that makes a difference, if any does.
/** @param {Graph} graph @param {Moment} first */
export function usualLeaf({ leaves }, { gradients }) {
  return leaves.find((leaf) => gradients[leaf]) ?? leaves[0];
}

// How much a step of the tour is unless something else is asked for: 0 one value, 2 a layer.
/** @param {Graph} graph */
export const usualLevel = ({ columns }) => (columns.length ? 2 : 0);
