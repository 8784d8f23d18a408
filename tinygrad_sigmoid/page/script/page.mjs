// The state of the page, all of it, and the moves that change it; after each, every view shows it anew.

import { known, momentAt, numbersOf, usualLeaf, usualLevel } from "./graph.mjs";

/**
 * @typedef {import("./graph.mjs").Graph} Graph
 * @typedef {import("./graph.mjs").Moment} Moment
 * @typedef {{ low: number, high: number, xs: number[], curve: number[], step: number[] }} Curves
 * @typedef {{ leaf: number, start: Moment, curves?: Curves }} Nudge the leaf that is moved, and what was given then
 * @typedef {{ element: HTMLElement, leaf: number, gradient: HTMLElement, slider: HTMLInputElement,
 *   exact: HTMLInputElement }} Row
 * @typedef {{ picture: () => SVGElement, width: number, height: number, down: boolean }} Layout
 * @typedef {{ lines: { element: Element, weight: number }[],
 *   rounds: { element: Element, box: import("./graph.mjs").Box, column: number }[],
 *   images: { element: Element, image: import("./images.mjs").Image, weights: number[], drawn: string }[] }} Painted
 *   what has the colour of a number: edges, neurons and inputs, and images of weights with the numbers drawn last
 * @typedef {{ x: number, y: number, scale: number }} View its corner, in units of the picture; pixels for such a unit
 *
 * @typedef {object} Page
 * @property {Graph} graph
 * @property {import("./graph.mjs").Step[]} right the steps of the right way to pass gradients back
 * @property {number} algorithm the wrong way that is played instead, or 0
 * @property {number} level how much a step of the tour is: 0 one value, 1 a neuron, 2 a layer
 * @property {number[]} opened the neurons that are open, as places in the list of boxes
 * @property {number} entered the one that was opened just now, or -1
 * @property {Map<string, number>} windows which of many things are shown in a column or a neuron, from which one on
 * @property {boolean} gradients whether a network's colours are those of its gradients
 * @property {import("./graph.mjs").Step | null} sought the step whose boxes are to be brought into sight
 * @property {boolean} stale whether the picture must be laid out again
 * @property {Painted} painted
 * @property {Moment} first where the graph was recorded
 * @property {Moment} now
 * @property {Nudge} nudge
 * @property {{ now: Moment, nudge: Nudge | null }} kept in the address when it was written last, and the nudge that led
 *   there
 * @property {number} at the step that is shown; 0 shows the numbers of both passes
 * @property {number} playing the timer that goes on to the next step, or 0
 * @property {number} remembering the timer after which the address tells what is shown, or 0
 * @property {number} saying the timer after which what has changed is said aloud, or 0
 * @property {{ at: number, now: Moment }} said what was said aloud last
 * @property {number} due the frame in which the views show the page, or 0
 * @property {Row[]} rows the leaves that are listed
 * @property {Layout[]} layouts the picture from left to right, and from top to bottom
 * @property {Layout} layout the one that is shown
 * @property {View | null} view the part of it that is shown; where there is none, all of it
 * @property {WeakMap<Element, number[]>} inside the values in each box
 * @property {WeakMap<Element, [number, number][]>} uses what an edge of a network stands for: values, and which of
 *   their operands
 * @property {number[]} pointed the values in the box that is pointed at
 * @property {import("./live.mjs").Python | null} python what is known of the one that computes in a widget
 * @property {string} notice what is to be said about it
 * @property {((page: Page) => void)[]} views
 */

/** @param {Graph} graph @param {Layout[]} layouts @param {((page: Page) => void)[]} views @returns {Page} */
export function pageOf(graph, layouts, views) {
  const first = momentAt(graph, numbersOf(graph, graph.values.map((value) => value.data)));
  const nudge = { leaf: usualLeaf(graph, first), start: first };
  const timers = { playing: 0, remembering: 0, saying: 0, due: 0 };
  const seen = { layouts, layout: layouts[0], view: null, rows: [], pointed: [], inside: new WeakMap() };
  const tour = { at: 0, right: graph.steps, algorithm: 0, level: usualLevel(graph), sought: null };
  const written = { kept: { now: first, nudge: null }, said: { at: 0, now: first } };
  const open = { opened: [], entered: -1, windows: new Map(), gradients: false, stale: true, uses: new WeakMap() };
  const painted = { lines: [], rounds: [], images: [] };
  const state = { ...tour, ...written, ...timers, ...seen, ...open, painted };
  return { graph, first, now: first, nudge, ...state, python: null, notice: "", views };
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
