// The picture: the numbers in its boxes and on its edges, and which of them are highlighted.

import { byId, write } from "./elements.mjs";
import { shown } from "./figures.mjs";
import { dependenciesOf, dependentsOf } from "./graph.mjs";
import { knownOn } from "./page.mjs";

/** @typedef {import("./page.mjs").Page} Page */

const allBoxes = () => document.querySelectorAll(".node[tabindex]");
const allEdges = () => document.querySelectorAll(".edge[id*='.']"); // but for those that join closed boxes

// e5.1 leads to the second operand of value 5.
/** @param {Element} edge */
const useOf = (edge) => edge.id.slice(1).split(".").map(Number);

/** @param {Page} page @param {Element} box */
const valuesIn = (page, box) => page.inside.get(box) ?? [];

/** @param {Page} page */
export function showNumbers(page) {
  const { values } = page.graph;
  const numbers = page.now.data;
  const { data, gradients, local } = knownOn(page);
  for (const box of /** @type {NodeListOf<SVGElement>} */ (document.querySelectorAll("[data-value]"))) {
    const i = Number(box.dataset.value);
    const texts = [...box.querySelectorAll("text")];
    const lines = [texts[0].textContent, `data ${shown(data[i])}`, `grad ${shown(gradients[i])}`];
    texts.slice(-2).forEach((text, line) => write(text, `${lines[line + 1]}`));
    box.setAttribute("aria-label", lines.join(" ") + (lines[0] === values[i].name ? "" : `, ${values[i].name}`));
    if (box.getAttribute("role") === "slider") box.setAttribute("aria-valuenow", `${numbers[i]}`);
  }
  for (const edge of allEdges()) {
    const [value, operand] = useOf(edge);
    write(edge.querySelector("text"), `∂ ${shown(local && local[value][operand])}`);
  }
  const bad = numbers.findIndex((number) => !Number.isFinite(number));
  const trouble = () => `${values[bad].name} is ${shown(numbers[bad])} here: change a leaf to leave this place.`;
  write(byId("trouble"), bad < 0 ? "" : trouble());
}

// Gives a class to the boxes with any of these values in them and to the edges that are meant; all others lose it.
/**
 * @param {Page} page
 * @param {string} name
 * @param {Set<number>} some
 * @param {(value: number, operand: number) => boolean} meant
 */
export function highlight(page, name, some, meant = () => false) {
  for (const box of allBoxes()) box.classList.toggle(name, valuesIn(page, box).some((i) => some.has(i)));
  for (const edge of allEdges()) {
    const [value, operand] = useOf(edge);
    edge.classList.toggle(name, meant(value, operand));
  }
}

// Shows all that these values depend on, and all that depends on them.
/** @param {Page} page @param {number[]} own */
export function relate(page, own) {
  const { values } = page.graph;
  const [up, down] = [dependenciesOf(values, own), dependentsOf(values, own)];
  const others = (/** @type {Set<number>} */ related) => new Set([...related].filter((i) => !own.includes(i)));
  highlight(page, "self", new Set(own));
  highlight(page, "up", others(up), (value) => up.has(value));
  highlight(page, "down", others(down), (value, operand) => down.has(values[value].inputs[operand]));
  document.body.classList.toggle("related", own.length > 0);
}

// Brings a value into sight, within the picture's own frame.
/** @param {Page} page @param {number} value */
export function bringIntoSight(page, value) {
  const canvas = byId("canvas");
  const box = [...allBoxes()].find((box) => valuesIn(page, box).includes(value));
  if (!box) return;
  const [frame, place] = [canvas, box].map((element) => element.getBoundingClientRect());
  /** @param {number} low @param {number} high @param {number} from @param {number} to */
  const missing = (low, high, from, to) => Math.min(0, low - from - 20) || Math.max(0, high - to + 20);
  canvas.scrollLeft += missing(place.left, place.right, frame.left, frame.right);
  canvas.scrollTop += missing(place.top, place.bottom, frame.top, frame.bottom);
}
