// Wrong ways to pass gradients back, played step by step beside the right one, with the numbers of the recorded graph.

import { byId, html, on, write } from "./elements.mjs";
import { moveBack } from "./page.mjs";
import { goTo } from "./tour.mjs";

// Its steps: forward as always, then its own, each like the right one along that edge but for the numbers.
/** @param {Step[]} right @param {number} forward @param {WrongWay} algorithm
 *  @returns {Step[]} */
function stepsOf(right, forward, { edges, mistake, reason }) {
  const passes = /** @type {BackwardStep[]} */ (right.slice(forward));
  const wrong = edges.map(([value, operand, ...numbers], k) => {
    const [upstream, before, after] = numbers.map(Number);
    const [step] = passes.filter((same) => same.value === value && same.operand === operand);
    return { ...step, played: { upstream, before, after, wrong: k + 1 === mistake ? reason : "" } };
  });
  return [...right.slice(0, forward), ...wrong];
}

// The right way has the number 0.
/** @param {Page} page @param {number} number */
export function choose(page, number) {
  const { right, graph } = page;
  page.algorithm = number;
  const steps = number ? stepsOf(right, graph.forward, graph.algorithms[number - 1]) : right;
  page.graph = { ...graph, steps };
  byId("mistake").hidden = !number;
  /** @type {HTMLSelectElement} */ (byId("algorithm")).value = `${number}`;
  goTo(page, Math.min(page.at, steps.length));
}

// A wrong way has its numbers from the recorded graph: where a leaf is moved, the right one goes on.
/** @param {Page} page */
export function showAlgorithm(page) {
  if (page.algorithm && page.now !== page.first) choose(page, 0);
  const step = page.graph.steps[page.at - 1];
  const wrong = step?.input === undefined ? "" : step.played?.wrong;
  write(byId("step-wrong"), wrong ? `The first wrong step: ${wrong}` : "");
}

/** @param {Page} page */
export function startAlgorithms(page) {
  const { algorithms, forward } = page.graph;
  byId("algorithms").hidden = !algorithms.length;
  const names = ["the right way", ...algorithms.map(({ name }) => name)];
  byId("algorithm").append(...names.map((textContent, k) => html("option", { textContent, value: `${k}` })));
  on(byId("algorithm"), "change", ({ target }) => {
    moveBack(page);
    choose(page, Number(target.value));
  });
  on(byId("mistake"), "click", () => goTo(page, forward + algorithms[page.algorithm - 1].mistake));
}
