// The tour through the steps of both passes: its buttons, keys and address, and what it shows at a step.

import { lightLines } from "./code.mjs";
import { byId, on, writeParts } from "./elements.mjs";
import { bringIntoSight } from "./frame.mjs";
import { update } from "./page.mjs";
import { highlight } from "./picture.mjs";
import { told } from "./sentences.mjs";

/** @typedef {import("./page.mjs").Page} Page */

/** @param {Page} page @param {number} step */
export function goTo(page, step) {
  const { steps } = page.graph;
  page.at = Math.min(Math.max(step, 0), steps.length);
  const shown = steps[page.at - 1];
  if (shown) bringIntoSight(page, [shown.value, shown.input ?? shown.value]);
  update(page);
}

/** @param {Page} page */
export function showStep(page) {
  const { at, graph } = page;
  const last = graph.steps.length;
  const slider = /** @type {HTMLInputElement} */ (byId("at"));
  slider.max = `${last}`;
  slider.value = `${at}`;
  slider.setAttribute("aria-valuetext", at ? `step ${at} of ${last}` : "all numbers");
  for (const [id, disabled] of Object.entries({ first: at === 1, back: at === 0, on: at === last, last: at === last }))
    /** @type {HTMLButtonElement} */ (byId(id)).disabled = disabled;
  told(graph, page.now, at).forEach((line, i) => writeParts(byId("step").children[i], line));
  markStep(page);
}

// Forward, all operands lead to the value; backward, the value passes its gradient on to one of them.
/** @param {Page} page */
function markStep(page) {
  const { values, steps } = page.graph;
  const step = steps[page.at - 1];
  const inputs = step ? values[step.value].inputs : [];
  const backward = step?.input !== undefined;
  const operands = backward ? [step.operand] : [...inputs.keys()];
  const [value, used] = [new Set(step && [step.value]), new Set(operands.map((operand) => inputs[operand]))];
  highlight(page, "active", backward ? value : used, (i, operand) => i === step?.value && operands.includes(operand));
  highlight(page, "target", backward ? used : value);
  document.body.classList.toggle("backward", backward);
  lightLines(page, step ? [step.value] : []);
}

/** @param {Page} page @param {boolean} start */
function play(page, start) {
  clearInterval(page.playing);
  page.playing = 0;
  const atEnd = () => page.at === page.graph.steps.length;
  if (start) {
    if (atEnd()) goTo(page, 0);
    page.playing = setInterval(() => (atEnd() ? play(page, false) : goTo(page, page.at + 1)), 1400);
  }
  byId("play").setAttribute("aria-pressed", `${start}`);
}

// For each button its key, and the step that it goes to.
/** @param {Page} page @returns {[string, string, () => number][]} */
const buttonsOf = (page) => [
  ["first", "Home", () => 1],
  ["back", "ArrowLeft", () => page.at - 1],
  ["on", "ArrowRight", () => page.at + 1],
  ["last", "End", () => page.graph.steps.length],
  ["backward", "b", () => page.graph.forward + 1],
  ["leave", "Escape", () => 0],
];

/** @param {Page} page */
export function startTour(page) {
  const keys = new Map([[" ", "play"]]);
  on(byId("play"), "click", () => play(page, !page.playing));
  for (const [id, key, step] of buttonsOf(page)) {
    keys.set(key, id);
    on(byId(id), "click", (/** @type {MouseEvent} */ event) => {
      play(page, false);
      goTo(page, step());
      if (event.detail) byId(id).blur(); // a pointer's click leaves the keys as they were
    });
  }
  on(document, "keydown", (/** @type {KeyboardEvent & { target: Element }} */ event) => {
    const button = keys.get(event.key);
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !button) return;
    if (event.target.matches("input, #inside-canvas")) return; // which have a use for these keys
    if (event.key === " " && event.target.closest("button, a")) return;
    event.preventDefault();
    byId(button).click();
  });
  const slider = /** @type {HTMLInputElement} */ (byId("at"));
  on(slider, "input", () => goTo(page, Number(slider.value)));
}
