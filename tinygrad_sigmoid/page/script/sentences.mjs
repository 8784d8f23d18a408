// What is said about a step: its number, its sentence, and its formula with the figures of this moment.

import { bracketed, equals, figure, shown } from "./figures.mjs";
import { known } from "./graph.mjs";

export const plain = (/** @type {Part[]} */ parts) => parts.map((part) => [part].flat()[0]).join("");

// The four lines that are said about a step, or about all of them. The last one's first part is its beginning: what
// comes then are the figures, of which the upstream gradient, the local derivative and the sum are told apart.
/** @param {Graph} graph @param {Moment} now @param {number} at the step's number, from 1; 0 stands for all
 *  @returns {Part[][]} */
export function told(graph, now, at) {
  const { steps, forward, beginning } = graph;
  const step = steps[at - 1];
  const total = steps.length;
  const all = `${forward} forward, ${total - forward} back. All numbers are shown.`;
  if (!step) return [[`${total} steps`], [all], [], []];
  const pass = at <= forward ? "forward" : at === forward + 1 ? `backward, from ${beginning}` : "backward";
  const figures = step.input === undefined ? made(graph, now, step) : passed(graph, now, at, step);
  return [[`Step ${at} of ${total}, ${pass}`], [step.sentence], ...figures];
}

const DONE = ["is computed.", "hands its gradients on."];
const DOING = ["is being computed.", "is handing its gradients on."];

// The same about the steps of a neuron or a layer together: of those neurons that it is done with.
/** @param {Graph} graph @param {Run} run @returns {Part[][]} */
export function toldTogether({ boxes, boxOf, columns, steps, forward }, { first, last, name }) {
  const boxesOf = (/** @type {Step[]} */ some) => some.map(({ value }) => boxOf.get(value) ?? -1);
  const later = new Set(boxesOf(steps.slice(last, first <= forward ? forward : steps.length)));
  const begun = new Set(boxesOf(steps.slice(first - 1, last)));
  const ended = new Set([...begun].filter((number) => !later.has(number)));
  const numbers = ended.size ? ended : begun;
  const [one] = numbers;
  const all = columns.find((column) => column.boxes.includes(one))?.boxes.length ?? numbers.size;
  const some = all > numbers.size ? `${numbers.size} of the ${all}` : `The ${all}`;
  const [what, forth, back] =
    numbers.size > 1
      ? [`${some} neurons of ${name}`, "are computed.", "hand their gradients on."]
      : [boxes[one]?.neuron?.name ?? name, ...(ended.size ? DONE : DOING)];
  const pass = first <= forward ? "forward" : "backward";
  const done = first <= forward ? forth : back;
  return [[`Steps ${first} to ${last} of ${steps.length}, ${pass}`], [`${what} ${done}`], [], []];
}

/** @param {Graph} graph @param {Moment} now @param {ForwardStep} step @returns {Part[][]} */
function made({ values, operations }, now, step) {
  const { name, inputs, operation, pattern } = values[step.value];
  const [result, local] = [now.data[step.value], now.local[step.value]];
  const figures = (pattern ?? []).map((part) => {
    if (typeof part === "string") return part;
    const text = shown(now.data[inputs[part.input]]);
    return part.brackets ? bracketed(text) : text;
  });
  const changeable = inputs.filter((input) => !values[input].constant);
  const program = operation === null ? null : operations[operation];
  const outcome = program ? program(...changeable.map((input) => figure(now.data[input])))[0] : NaN;
  const equal = equals(outcome, result, inputs.map((input, operand) => [now.data[input], local[operand]]));
  const formula = step.formula === name ? name : `${name} = ${step.formula}`;
  return [[formula], ["= ", `${figures.join("")} ${equal} `, [shown(result), "sum"]]];
}

/** @param {Graph} graph @param {Moment} now @param {number} at @param {BackwardStep} step
 *  @returns {Part[][]} */
function passed(graph, now, at, step) {
  const { name } = graph.values[step.input];
  const { gradients } = known(graph, now, at);
  const before = known(graph, now, at - 1).gradients[step.input];
  const local = now.local[step.value][step.operand];
  const upstream = step.played ? step.played.upstream : /** @type {number} */ (gradients[step.value]);
  const after = gradients[step.input] ?? NaN;
  const formula = step.formula === shown(local) ? "=" : `= ${step.formula} ${equals(local, local)}`;
  const [passedOn, times] = [shown(upstream), bracketed(shown(local))];
  /** @type {Part[]} */
  const sum = before === null ? [[passedOn, "upstream"]] : [`${shown(before)} + `, [bracketed(passedOn), "upstream"]];
  const total = figure(before ?? 0) + figure(upstream) * figure(local);
  const terms = [[before ?? 0, 1], [upstream, local]];
  const exact = (before ?? 0) + upstream * local;
  const size = Math.abs(before ?? 0) + Math.abs(upstream * local);
  const isSum = !step.played || exact === after || Math.abs(exact - after) <= 1e-9 * size;
  /** @param {number} sum */
  const given = (sum) => (total === sum && !Number.isFinite(sum) ? "=" : equals(total, sum, terms));
  const equal = isSum ? given(after) : `${given(exact)} ${shown(exact)}, but it writes`;
  return [
    [`${step.derivative} ${formula} `, [shown(local), "local"]],
    [`gradient of ${name} = `, ...sum, "·", [times, "local"], ` ${equal} `, [shown(after), "sum"]],
  ];
}
