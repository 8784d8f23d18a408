// The colours of a network: of each number its sign, and as much of it as the number is large among its like.

import { byId, write } from "./elements.mjs";
import { shown } from "./figures.mjs";
import { squares } from "./images.mjs";
import { knownOn } from "./page.mjs";

const THICKEST = 7; // a line
const DEEPEST = 0.7; // the opacity of a fill

/** @param {Element} element @param {number | null} number */
function colour(element, number) {
  element.classList.toggle("plus", number !== null && number > 0);
  element.classList.toggle("minus", number !== null && number < 0);
}

/** @param {(number | null)[]} numbers */
function largestOf(numbers) {
  let largest = 0;
  for (const number of numbers) if (Number.isFinite(number)) largest = Math.max(largest, Math.abs(number ?? 0));
  return largest;
}

/** @param {number | null} number @param {number} largest */
const shareOf = (number, largest) => (number && largest ? Math.min(1, Math.abs(number) / largest) : 0);

/** @param {number | null} number @param {number} largest */
const thickness = (number, largest) => `${(THICKEST * shareOf(number, largest)).toFixed(2)}px`;

// A network is coloured by what is known at this step: by its weights and what neurons give, or by the gradients of
// both; of an input it is always the input itself.
/** @param {Page} page */
export function showShades(page) {
  const { graph, painted, now } = page;
  /** @type {HTMLSelectElement} */ (byId("shades")).value = page.gradients ? "gradients" : "weights";
  const known = knownOn(page);
  const { data, gradients } = known;
  const parameter = (/** @type {number} */ i) => (page.gradients ? gradients[i] : now.data[i]);
  const given = (/** @type {Box} */ { neuron, shown: i }) => (page.gradients && neuron ? gradients[i] : data[i]);
  const largest = largestOf(parametersOf(page).map(parameter));
  const largestIn = (/** @type {number[]} */ boxes) => largestOf(boxes.map((number) => given(graph.boxes[number])));
  const fullest = graph.columns.map(({ boxes }) => largestIn(boxes));
  for (const { element, weight } of painted.lines) {
    colour(element, parameter(weight));
    const path = /** @type {SVGElement} */ (element.firstElementChild);
    path.style.strokeWidth = `calc(.4px + ${thickness(parameter(weight), largest)})`;
  }
  for (const { element, box, column } of painted.rounds) {
    const fill = /** @type {SVGElement} */ (element.querySelector(".fill"));
    colour(fill, given(box));
    fill.style.fillOpacity = (DEEPEST * shareOf(given(box), fullest[column])).toFixed(3);
    const ring = /** @type {SVGElement | null} */ (element.querySelector(".ring"));
    const bias = box.neuron?.bias ?? null;
    if (ring && bias !== null) {
      colour(ring, parameter(bias));
      ring.style.strokeWidth = thickness(parameter(bias), largest);
    }
    describe(page, known, element, box, given(box));
  }
  for (const image of painted.images) {
    const numbers = image.weights.map(parameter);
    const drawn = `${numbers} ${largest}`;
    if (drawn === image.drawn) continue;
    image.drawn = drawn;
    const [, ...paths] = image.element.children;
    paths.forEach((path, k) => path.setAttribute("d", squares(image.image, numbers, largest, k ? -1 : 1)));
  }
}

// All weights and biases.
/** @param {Page} page */
function parametersOf({ graph: { boxes, values } }) {
  return boxes.flatMap((box) => (box.neuron ? box.values.filter((i) => !values[i].inputs.length) : []));
}

// Its number beside it, if there is room, and all that is known of it for whoever points at it or hears it.
/** @param {Page} page @param {Known} known @param {Element} element @param {Box} box
 *  @param {number | null} number */
function describe(page, { data, gradients }, element, { neuron, shown: i }, number) {
  const { name, constant } = page.graph.values[i];
  const text = `${neuron?.name ?? name} data ${shown(data[i])} grad ${shown(gradients[i])}`;
  const told = constant ? shown(data[i]) : text;
  write(element.querySelector("title"), told);
  if (element.hasAttribute("role")) element.setAttribute("aria-label", told);
  if (element.getAttribute("role") === "slider") {
    element.setAttribute("aria-valuenow", `${page.now.data[i]}`);
    element.setAttribute("aria-valuetext", shown(page.now.data[i]));
  }
  write(element.querySelector("text"), neuron || constant ? shown(number) : `${name} ${shown(number)}`);
}
