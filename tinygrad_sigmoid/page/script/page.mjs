// The state of the page, all of it, and the moves that change it; after each, every view shows it anew.

import { known, momentAt, numbersOf, usualLeaf, usualLevel } from "./graph.mjs";

/** @param {Graph} graph @param {Layout[]} layouts @param {((page: Page) => void)[]} views */
export function pageOf(graph, layouts, views) {
  const first = momentAt(graph, numbersOf(graph, graph.values.map((value) => value.data)));
  return {
    graph,
    first, // where the graph was recorded
    now: first,
    nudge: /** @type {Nudge} */ ({ leaf: usualLeaf(graph, first), start: first }),
    at: 0, // the step that is shown; 0 shows the numbers of both passes
    level: usualLevel(graph), // how much a step of the tour is: 0 one value, 1 a neuron, 2 a layer
    right: graph.steps, // of the right way to pass gradients back
    algorithm: 0, // the wrong way that is played instead, or 0
    sought: /** @type {Step | null} */ (null), // whose boxes are to be brought into sight
    pointed: /** @type {number[]} */ ([]), // the values in the box that is pointed at
    inside: /** @type {WeakMap<Element, number[]>} */ (new WeakMap()), // the values in each box
    // What an edge of a network stands for: values, and which of their operands.
    uses: /** @type {WeakMap<Element, [number, number][]>} */ (new WeakMap()),
    layouts, // the picture from left to right, and from top to bottom
    layout: layouts[0], // the one that is shown
    view: /** @type {View | null} */ (null), // the part of it that is shown; where there is none, all of it
    stale: true, // whether the picture must be laid out again
    opened: /** @type {number[]} */ ([]), // the neurons that are open, as places in the list of boxes
    entered: -1, // the one that was opened just now
    windows: /** @type {Map<string, number>} */ (new Map()), // of many in a column or a neuron, the first that is shown
    gradients: false, // whether a network's colours are those of its gradients
    painted: /** @type {Painted} */ ({ lines: [], rounds: [], images: [] }),
    rows: /** @type {Row[]} */ ([]), // the leaves that are listed
    kept: { now: first, nudge: /** @type {Nudge | null} */ (null) }, // in the address at last, with the nudge to there
    address: "", // the last that was opened or written
    said: { at: 0, now: first }, // aloud at last
    python: /** @type {Python | null} */ (null), // what is known of the one in a widget
    notice: "", // what is to be said about it
    // Timers, or 0: of the next step while playing, until the address is written, until something is said.
    playing: 0,
    remembering: 0,
    saying: 0,
    due: 0, // the frame in which the views show the page, or 0
    views,
  };
}

// However much changes, a frame shows it once.
/** @param {Page} page */
export function update(page) {
  page.due ||= requestAnimationFrame(() => {
    page.due = 0;
    for (const show of page.views) show(page);
  });
}

// The picture changes its form, not only its numbers.
/** @param {Page} page */
export function redraw(page) {
  page.stale = true;
  update(page);
}

/** @param {Page} page @param {number} leaf @param {number} number */
export function moveLeaf(page, leaf, number) {
  if (!Number.isFinite(number)) return; // as while nothing is typed
  page.now = momentAt(page.graph, numbersOf(page.graph, page.now.data, leaf, number));
  update(page);
}

/** @param {Page} page */
export function moveBack(page) {
  page.now = page.first;
  startNudge(page, page.nudge.leaf);
}

/** @param {Page} page @param {number} leaf */
export function startNudge(page, leaf) {
  page.nudge = { leaf, start: page.now };
  update(page);
}

// A nudge goes on while the same leaf is moved and no other has been.
/** @param {Page} page @param {number} leaf */
export function begin(page, leaf) {
  const { graph, now, nudge } = page;
  const other = graph.leaves.some((i) => i !== leaf && now.data[i] !== nudge.start.data[i]);
  if (leaf !== nudge.leaf || other) startNudge(page, leaf);
}

// What is known at the step that is shown; where none is, after all of them.
/** @param {Page} page */
export const knownOn = ({ graph, now, at }) => known(graph, now, at || graph.steps.length);
