// The list of leaves: each with a slider, and a field in which its number is typed.

import { byId, html, on, write } from "./elements.mjs";
import { figure, grain, rounded, shown } from "./figures.mjs";
import { begin, knownOn, moveBack, moveLeaf, update } from "./page.mjs";

const MOST_ROWS = 40;

/** @param {Page} page @param {number[]} wanted before those whose names match what is searched for */
function list(page, wanted = []) {
  const { leaves, values } = page.graph;
  const search = /** @type {HTMLInputElement} */ (byId("find")).value.trim().toLowerCase();
  const matching = leaves.filter((leaf) => values[leaf].name.toLowerCase().includes(search));
  page.rows = [...wanted, ...matching.slice(0, MOST_ROWS)].map((leaf) => rowOf(page, leaf));
  byId("rows").replaceChildren(...page.rows.map((row) => row.element));
  const unlisted = leaves.length - page.rows.length;
  write(byId("unlisted"), unlisted ? `${unlisted} more: type a part of a name above.` : "");
  showRows(page);
}

/** @param {Page} page @param {number} leaf @returns {Row} */
function rowOf(page, leaf) {
  const { name } = page.graph.values[leaf];
  const label = html("label", { textContent: name, htmlFor: `slide-${leaf}`, title: name });
  const slider = html("input", { type: "range", id: `slide-${leaf}`, step: grain(page.first.data[leaf]) });
  const exact = html("input", { type: "number", id: `exact-${leaf}`, step: "any", ariaLabel: `${name}, typed` });
  const gradient = html("span", {});
  on(slider, "pointerdown focus", () => begin(page, leaf));
  on(exact, "focus", () => {
    begin(page, leaf);
    exact.value = `${page.now.data[leaf]}`; // in all its digits
    exact.select();
  });
  on(exact, "blur", () => update(page));
  on(exact, "input", () => moveLeaf(page, leaf, exact.valueAsNumber));
  on(slider, "input", () => moveLeaf(page, leaf, rounded(slider.valueAsNumber, page.first.data[leaf])));
  const element = html("div", { className: "row" });
  element.append(label, gradient, slider, exact);
  return { element, leaf, gradient, slider, exact };
}

/** @param {Page} page @param {number} leaf */
export function typeNumber(page, leaf) {
  if (!page.rows.some((row) => row.leaf === leaf)) list(page, [leaf]);
  byId(`exact-${leaf}`).focus();
}

// From where to where a leaf can be dragged.
/** @param {Page} page @param {number} leaf */
function rangeOf({ first, now }, leaf) {
  const [start, number] = [first.data[leaf], now.data[leaf]];
  const reach = 400 * grain(start);
  return [Math.min(start - reach, number), Math.max(start + reach, number)];
}

/** @param {Page} page */
export function showRows(page) {
  const { gradients } = knownOn(page);
  for (const { element, leaf, gradient, slider, exact } of page.rows) {
    const number = page.now.data[leaf];
    [slider.min, slider.max] = rangeOf(page, leaf).map(String);
    if (Number(slider.value) !== number) slider.value = `${number}`;
    if (exact.valueAsNumber !== figure(number) && document.activeElement !== exact) exact.value = `${figure(number)}`;
    write(gradient, `grad ${shown(gradients[leaf])}`);
    element.classList.toggle("nudged", leaf === page.nudge.leaf);
  }
}

/** @param {Page} page */
export function startLeaves(page) {
  byId("find").hidden = page.graph.leaves.length <= MOST_ROWS;
  on(byId("find"), "input", () => list(page));
  on(byId("reset"), "click", () => moveBack(page));
  list(page);
}
