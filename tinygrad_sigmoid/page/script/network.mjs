// A network's picture: drawn anew whenever something in it opens, closes or is asked for, and when the frame changes.

import { byId, on } from "./elements.mjs";
import { sceneOf } from "./columns.mjs";
import { draw } from "./drawing.mjs";
import { lookAt, showPicture } from "./frame.mjs";
import { mostWeights } from "./inside.mjs";
import { update } from "./page.mjs";
import { relate } from "./picture.mjs";
import { showShades } from "./shades.mjs";

// What only a page with a network needs.
export const network = { showLayout, showShades, startChoices };

// How much a step of the tour is, and what the colours are.
/** @param {Page} page */
function startChoices(page) {
  byId("levels").hidden = false;
  on(byId("level"), "change", ({ target }) => {
    page.level = Number(target.value);
    update(page);
  });
  on(byId("shades"), "change", ({ target }) => {
    page.gradients = target.value === "gradients";
    update(page);
  });
}

/** @param {Page} page */
function showLayout(page) {
  if (page.sought) reveal(page, page.sought);
  if (!page.stale) return;
  page.stale = false;
  const down = innerHeight > innerWidth;
  const { clientWidth, clientHeight } = byId("canvas");
  const scene = sceneOf(page.graph, { ...page, down }, down ? clientHeight / clientWidth : clientWidth / clientHeight);
  showPicture(page, { width: scene.width, height: scene.height, down, picture: () => draw(page, scene) });
  relate(page, page.pointed);
  const entered = scene.things.find(({ kind, boxes }) => kind === "open" && boxes[0] === page.entered);
  if (entered) lookAt(page, entered);
  page.entered = -1;
}

// Sees to it that what a step is about is among those that are drawn, of many.
/** @param {Page} page @param {Step} step */
function reveal(page, step) {
  const { graph, opened, windows, layout } = page;
  const { value, input = value } = step;
  const show = (/** @type {string} */ key, /** @type {number} */ place, /** @type {number} */ most) => {
    const first = windows.get(key) ?? 0;
    if (place >= first && place < first + most) return;
    windows.set(key, place);
    page.stale = true;
  };
  const numbers = [value, input].map((i) => graph.boxOf.get(i));
  graph.columns.forEach(({ boxes, most }, column) =>
    boxes.forEach((number, place) => numbers.includes(number) && show(`c${column}`, place, most)),
  );
  const number = graph.boxOf.get(value) ?? -1;
  const box = graph.boxes[number];
  if (!opened.includes(number) || box.neuron?.product !== value || step.input === undefined) return;
  const { length } = box.weights;
  show(box.id, step.operand % length, mostWeights(length, layout.down));
}
