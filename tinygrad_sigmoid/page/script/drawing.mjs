// A network drawn: its edges, then its neurons, inputs and other values, each made a box that answers.

import { adopt, adoptBox, adoptNeuron, adoptValue } from "./boxes.mjs";
import { edgesOf, usesByImages } from "./edges.mjs";
import { svg } from "./elements.mjs";
import { redraw } from "./page.mjs";
import { innerPoint } from "./spots.mjs";
import { drawBox, drawEdge, drawImage, drawOpen, drawPixels, drawRound, drawShown, textAt } from "./things.mjs";

/** @param {Page} page @param {Scene} scene */
export function draw(page, scene) {
  const { things, down, headings } = scene;
  page.painted = { rounds: [], lines: [], images: [] };
  page.uses = new WeakMap();
  const edges = edgesOf(page.graph, scene);
  const drawn = (/** @type {boolean} */ open) => edges.filter((one) => one.open === open).map((one) => edge(page, one));
  const image = drawShown(things, down);
  if (image) page.uses.set(image, usesByImages(page.graph, things));
  return svg(
    "svg",
    { class: "graph network", role: "group", "aria-label": "The network" },
    ...(image ? [image] : []),
    ...drawn(false),
    ...things.filter(({ kind }) => kind === "open").map((thing) => frame(page, thing)),
    ...drawn(true),
    ...things.flatMap((thing) => contents(page, thing, down)),
    ...page.graph.columns.map(({ title }, column) => textAt(headings[column], title, down ? "after" : "")),
  );
}

/** @param {Page} page @param {Edge} drawn */
function edge({ uses, painted }, drawn) {
  const element = drawEdge(drawn);
  uses.set(element, drawn.uses);
  if (drawn.weight !== null) painted.lines.push({ element, weight: drawn.weight });
  return element;
}

/** @param {Page} page @param {Thing} thing */
function frame(page, thing) {
  const { neuron, id } = page.graph.boxes[thing.boxes[0]];
  const element = drawOpen(thing, neuron?.name ?? "", id);
  adoptNeuron(page, element, thing.boxes[0]);
  return element;
}

/** @param {Page} page @param {Thing} thing @param {boolean} down @returns {Element[]} */
function contents(page, thing, down) {
  const { kind, boxes, column, x, y } = thing;
  const { values, boxes: all, columns } = page.graph;
  if (kind === "open") return opened(page, thing);
  if (kind === "image" || kind === "round") return shaded(page, thing, down);
  if (kind === "value") {
    const { shown, id } = all[boxes[0]];
    return [valueBox(page, [x, y], shown, values[shown].name, id)];
  }
  const hidden = boxes.flatMap((n) => all[n].values);
  return [rest(page, [x, y], `c${column}`, hidden, boxes.length, columns[column].boxes.length)];
}

// The boxes in an open neuron, under the last part of their names.
/** @param {Page} page @param {Thing} thing */
function opened(page, thing) {
  const [number] = thing.boxes;
  const { neuron, id, weights } = page.graph.boxes[number];
  const prefix = `${neuron?.name}.`;
  const inside = /** @type {Inside} */ (thing.inside);
  const elements = [...inside.boxes].map(([i, place]) => {
    const { name } = page.graph.values[i];
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    const heading = i === neuron?.product && /^v\d+$/.test(own) ? `${own} = w·x` : own;
    return valueBox(page, innerPoint(thing, place), i, heading, `v${i}-${number}`);
  });
  if (!inside.rest) return elements;
  const { length } = inside.hidden;
  return [...elements, rest(page, innerPoint(thing, inside.rest), id, inside.hidden, length, weights.length)];
}

// What has the colour of its number.
/** @param {Page} page @param {Thing} thing @param {boolean} down @returns {Element[]} */
function shaded(page, thing, down) {
  const { graph, painted } = page;
  const elements = thing.kind === "image" ? drawPixels(graph, thing) : [drawRound(graph, thing, down)];
  elements.forEach((element, k) => {
    const box = graph.boxes[thing.boxes[k]];
    painted.rounds.push({ element, box, column: thing.column });
    if (box.neuron) adoptNeuron(page, element, thing.boxes[k]);
    else if (!graph.values[box.shown].constant) adoptValue(page, element, box.shown);
  });
  if (!thing.image) return elements;
  const image = drawImage(thing.image);
  const { weights } = graph.boxes[thing.boxes[0]];
  painted.images.push({ element: image, image: thing.image, weights, drawn: "" });
  return [image, ...elements];
}

/** @param {Page} page @param {Point} place @param {number} i @param {string} name @param {string} id */
function valueBox(page, place, i, name, id) {
  const { leaves, output } = page.graph;
  const box = drawBox(place, leaves.includes(i) ? "leaf" : i === output ? "output" : "computed", [name, "", ""], id);
  adoptBox(page, box, i);
  return box;
}

// Those of many that aren't shown: the next of them are, if it is pressed.
/** @param {Page} page @param {Point} place @param {string} key @param {number[]} values
 *  @param {number} hidden how many there are of them @param {number} all with those that are shown */
function rest(page, place, key, values, hidden, all) {
  const box = drawBox(place, "rest", [`… ${hidden} more`], `rest-${key}`);
  const next = (page.windows.get(key) ?? 0) + all - hidden;
  adopt(page, box, values, () => {
    page.windows.set(key, next < all ? next : 0);
    redraw(page);
  });
  return box;
}
