// The page in a notebook's widget: Python is asked for both passes at every move, and its numbers are shown.

import { on } from "./elements.mjs";
import { begin, startNudge, update } from "./page.mjs";

/** @typedef {{ data: JSONNumber[], local: JSONNumber[][], gradients: JSONNumber[], asked: number | null,
 *   refused: string }} Passes what Python gives: a moment, in answer to which question, and why it couldn't do what was
 *   asked */

const PATIENCE = 1000; // milliseconds

const settled = (/** @type {Moment} */ seen) => ({ seen, moved: new Set(), asked: 0, waiting: 0 });

// A view, so that Python is asked at most once for a frame.
/** @param {Page} page */
export function askPython(page) {
  const { python, now, graph } = page;
  if (!python || now === python.seen) return;
  for (const i of graph.leaves) if (now.data[i] !== python.seen.data[i]) python.moved.add(i);
  python.seen = now;
  python.asked = Math.random();
  parent.postMessage({ asked: python.asked, leaves: [...python.moved].map((i) => [i, now.data[i]]) }, "*");
  python.waiting ||= setTimeout(() => {
    page.notice = "Python hasn't answered yet: until it does, the page computes by itself.";
    update(page);
  }, PATIENCE);
}

/** @param {Page} page @param {Passes} passes */
function hear(page, { asked, refused, ...passes }) {
  page.python ??= settled(page.now);
  const { python, graph } = page;
  const isLate = page.now !== python.seen || (python.asked && python.asked !== asked);
  if (isLate) return; // the leaf has moved on, and the answer to that is still to come
  clearTimeout(python.waiting);
  const [data, gradients] = [passes.data.map(Number), passes.gradients.map(Number)];
  const moved = graph.leaves.filter((i) => data[i] !== page.now.data[i]);
  if (moved.length === 1) begin(page, moved[0]);
  page.now = { data, local: passes.local.map((row) => row.map(Number)), gradients };
  if (moved.length > 1) startNudge(page, page.nudge.leaf);
  page.notice = refused;
  page.python = settled(page.now);
  update(page);
}

/** @param {Page} page */
export function startLive(page) {
  on(window, "message", (/** @type {MessageEvent} */ { source, data }) => {
    if (source === parent && data?.passes) hear(page, data.passes);
  });
}
