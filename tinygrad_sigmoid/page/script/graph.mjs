// The recorded graph, what both passes give at any numbers of its leaves, and what depends on what.

/**
 * @typedef {number | string} JSONNumber which an infinity or NaN is as a text
 * @typedef {{ name: string, data: number, constant: boolean, inputs: number[], operation: number | null,
 *   pattern: (string | { input: number, brackets: boolean })[] | null }} Value whose inputs are indices, as in a Step
 * @typedef {{ value: number, input?: undefined, sentence: string, formula: string }} ForwardStep
 * @typedef {{ value: number, input: number, operand: number, sentence: string, derivative: string,
 *   formula: string, played?: Played }} BackwardStep
 * @typedef {{ upstream: number, before: number, after: number, wrong: string }} Played what a
 *   wrong way passes back: the gradients of the value and of its input before and after, and why it is the first wrong
 *   step
 * @typedef {ForwardStep | BackwardStep} Step
 * @typedef {{ name: string, product: number, bias: number | null }} Neuron whose product is w·x
 * @typedef {{ values: number[], input: boolean, neuron: Neuron | null }} RecordedBox a value, or all values of a neuron
 * @typedef {RecordedBox & { id: string, shown: number, weights: number[], sources: number[] }} Box with the last of its
 *   values, whose numbers are shown, and of a neuron the weights and what each is multiplied by
 * @typedef {{ name: string, title: string, boxes: number[], most: number, image: boolean }} Column of a network: its
 *   boxes by their place in the list, how many of them are drawn at a time, and whether they are the pixels of an image
 * @typedef {{ values: Value[], boxes: RecordedBox[], columns: Column[], steps: Step[], forward: number,
 *   beginning: string, code: Code | null, algorithms: Algorithm[] }} Recorded with the number of its forward steps, and
 *   with columns where the page draws it itself
 * @typedef {{ name: string, edges: [number, number, JSONNumber, JSONNumber, JSONNumber][], mistake: number,
 *   reason: string }} Algorithm with the value and the operand of each edge, and the numbers that Played has
 * @typedef {{ lines: string[], turns: { line: number, values: number[] }[] }} Code of the function that was called, and
 *   for each time that a line ran what it made
 *
 * @typedef {(...leaves: number[]) => [number[], number[][], number[]]} Trace the three numbers of a Moment
 * @typedef {(...leaves: number[]) => [number, number[]]} Program the output comes first
 * @typedef {{ compute: Trace, asPerceptron: Program | null, operations: (Program | null)[] }} Programs generated from
 *   the recorded graph and the table of rules: nothing else here knows a formula
 *
 * @typedef {Recorded & Programs & { boxes: Box[], output: number, leaves: number[], boxOf: Map<number, number> }} Graph
 *   with the place in the list of the box that each value is in
 * @typedef {{ data: number[], local: number[][], gradients: number[] }} Moment each value's data, local derivatives
 *   and gradient, at some numbers of the leaves
 * @typedef {{ data: (number | null)[], local: number[][] | null, gradients: (number | null)[] }} Known
 */

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
