// The tour through the steps of both passes: its buttons, keys and address, and what it shows at a step.

import { lightLines } from "./code.mjs";
import { byId, on, writeParts } from "./elements.mjs";
import { update } from "./page.mjs";
import { highlight } from "./picture.mjs";
import { told, toldTogether } from "./sentences.mjs";
import { runAt, stopFrom } from "./stops.mjs";

/** @param {Page} page @param {number} step */
export function goTo(page, step) {
  const { steps } = page.graph;
  page.at = Math.min(Math.max(step, 0), steps.length);
  page.sought = steps[page.at - 1] ?? null;
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
  const atEnd = at === last;
  const leadNowhere = { first: at > 0 && runAt(page, at).first === 1, back: at === 0, on: atEnd, last: atEnd };
  for (const [id, disabled] of Object.entries(leadNowhere))
    /** @type {HTMLButtonElement} */ (byId(id)).disabled = disabled;
  /** @type {HTMLSelectElement} */ (byId("level")).value = `${page.level}`;
  const run = runAt(page, at);
  const lines = run.name ? toldTogether(graph, run) : told(graph, page.now, at);
  lines.forEach((line, i) => writeParts(byId("step").children[i], line));
  markSteps(page, run);
}

// Forward, all operands lead to the value; backward, the value passes its gradient on to one of them.
/** @param {Page} page @param {Run} run */
function markSteps(page, { first, last }) {
  const { values, steps } = page.graph;
  const shown = first ? steps.slice(first - 1, last) : [];
  const backward = shown.some((step) => step.input !== undefined);
  const own = new Set(shown.map((step) => step.value));
  const edges = shown.flatMap((step) => {
    const operands = step.input === undefined ? [...values[step.value].inputs.keys()] : [step.operand];
    return operands.map((operand) => ({ id: `${step.value}.${operand}`, from: values[step.value].inputs[operand] }));
  });
  const used = new Set(edges.map((edge) => edge.from).filter((i) => !own.has(i)));
  const lit = new Set(edges.map((edge) => edge.id));
  highlight(page, "active", backward ? own : used, (value, operand) => lit.has(`${value}.${operand}`));
  highlight(page, "target", backward ? used : own);
  document.body.classList.toggle("backward", backward);
  document.body.classList.toggle("together", last > first);
  lightLines(page);
}

/** @param {Page} page @param {boolean} start */
function play(page, start) {
  clearInterval(page.playing);
  page.playing = 0;
  const atEnd = () => page.at === page.graph.steps.length;
  if (start) {
    if (atEnd()) goTo(page, 0);
    page.playing = setInterval(() => (atEnd() ? play(page, false) : goTo(page, stopFrom(page, page.at + 1))), 1400);
  }
  byId("play").setAttribute("aria-pressed", `${start}`);
}

// For each button its key, and the step that it goes to.
/** @param {Page} page @returns {[string, string, () => number][]} */
const buttonsOf = (page) => [
  ["first", "Home", () => stopFrom(page, 1)],
  ["back", "ArrowLeft", () => runAt(page, page.at).first - 1],
  ["on", "ArrowRight", () => stopFrom(page, page.at + 1)],
  ["last", "End", () => page.graph.steps.length],
  ["backward", "b", () => stopFrom(page, page.graph.forward + 1)],
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
    // Which have a use for these keys.
    if (event.target.matches("input:not([type=range]), select")) return;
    if (event.target.matches("#rows input") && !["b", " ", "Escape"].includes(event.key)) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    event.preventDefault();
    byId(button).click();
  });
  on(byId("at"), "input", ({ target }) => goTo(page, Number(target.value)));
}
