// The picture: the numbers in its boxes and on its edges, and which of them are highlighted.

import { byId, write } from "./elements.mjs";
import { shown } from "./figures.mjs";
import { dependenciesOf, dependentsOf } from "./graph.mjs";
import { knownOn } from "./page.mjs";

const allBoxes = () => document.querySelectorAll(".node:is([tabindex], .pixel)");
const allEdges = () => document.querySelectorAll(".edge");

// What an edge stands for: one of Graphviz is e5.1 if it leads to the second operand of value 5.
/** @param {Page} page @param {Element} edge */
const usesOf = ({ uses }, edge) => uses.get(edge) ?? [edge.id.slice(1).split(".").map(Number)];

// Where in the picture a value stands, and the edge of one of its uses.
/** @param {Page} page @param {number} value */
export const boxOf = (page, value) => [...allBoxes()].find((box) => valuesIn(page, box).includes(value));

/** @param {Page} page @param {number} value @param {number} operand */
export function edgeOf(page, value, operand) {
  return [...allEdges()].find((edge) => usesOf(page, edge).some(([i, place]) => i === value && place === operand));
}

/** @param {Page} page @param {Element} box */
const valuesIn = (page, box) => page.inside.get(box) ?? [];

/** @param {Page} page */
export function showNumbers(page) {
  const { values } = page.graph;
  const { now, notice } = page;
  const numbers = now.data;
  const atEnd = page.at === 0 || page.at === page.graph.steps.length;
  const { data, gradients, local } = knownOn(page);
  for (const box of /** @type {NodeListOf<SVGElement>} */ (document.querySelectorAll("[data-value]"))) {
    const i = Number(box.dataset.value);
    const texts = [...box.querySelectorAll("text")];
    const [gradient, right] = [gradients[i], now.gradients[i]].map(shown);
    const wrong = page.algorithm > 0 && atEnd && gradient !== right;
    const lines = [texts[0].textContent, `data ${shown(data[i])}`, `grad ${gradient}${wrong ? ` ≠ ${right}` : ""}`];
    box.classList.toggle("wrong", wrong);
    texts.slice(-2).forEach((text, line) => write(text, `${lines[line + 1]}`));
    box.setAttribute("aria-label", lines.join(" ") + (lines[0] === values[i].name ? "" : `, ${values[i].name}`));
    if (box.getAttribute("role") !== "slider") continue;
    box.setAttribute("aria-valuenow", `${numbers[i]}`);
    box.setAttribute("aria-valuetext", shown(numbers[i])); // or it would be read as a share of 0 to 100
  }
  for (const edge of allEdges()) {
    const [[value, operand]] = usesOf(page, edge);
    const label = edge.querySelector("text");
    const used = values[values[value].inputs[operand]];
    if (label && !used.constant) write(label, `∂ ${shown(local && local[value][operand])}`);
  }
  const bad = numbers.findIndex((number) => !Number.isFinite(number));
  const trouble = () => `${values[bad].name} is ${shown(numbers[bad])} here: change a leaf to leave this place.`;
  write(byId("trouble"), bad < 0 ? notice : trouble());
}

// Gives a class to the boxes with any of these values in them and to the edges that are meant; all others lose it.
/** @param {Page} page @param {string} name @param {Set<number>} some
 *  @param {(value: number, operand: number) => boolean} meant */
export function highlight(page, name, some, meant = () => false) {
  for (const box of allBoxes()) box.classList.toggle(name, valuesIn(page, box).some((i) => some.has(i)));
  for (const edge of allEdges())
    edge.classList.toggle(name, usesOf(page, edge).some(([value, operand]) => meant(value, operand)));
}

// Shows all that these values depend on, and all that depends on them; in a network, where that would be nearly all,
// only as far as the next boxes.
/** @param {Page} page @param {number[]} own */
export function relate(page, own) {
  const { values, columns } = page.graph;
  if (columns.length) {
    const mine = new Set(own);
    highlight(page, "self", mine, (value, operand) => mine.has(value) || mine.has(values[value].inputs[operand]));
    return;
  }
  const [up, down] = [dependenciesOf(values, own), dependentsOf(values, own)];
  const others = (/** @type {Set<number>} */ related) => new Set([...related].filter((i) => !own.includes(i)));
  highlight(page, "self", new Set(own));
  highlight(page, "up", others(up), (value) => up.has(value));
  highlight(page, "down", others(down), (value, operand) => down.has(values[value].inputs[operand]));
}
