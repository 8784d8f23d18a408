// The address of what is shown, so that it can be reloaded, gone back to and mailed: the step, every leaf that was
// moved, and where the nudge began, as in #5&w=0.65&from:w=0.6

import { on } from "./elements.mjs";
import { momentAt, numbersOf } from "./graph.mjs";
import { goTo } from "./tour.mjs";

/** @typedef {import("./page.mjs").Page} Page */

/** @param {Pick<Page, "graph" | "first" | "now" | "nudge" | "at">} page */
export function addressOf({ graph, first, now, nudge: { leaf, start }, at }) {
  const nameOf = (/** @type {number} */ i) => encodeURIComponent(graph.values[i].name);
  const moved = graph.leaves.filter((i) => now.data[i] !== first.data[i]).map((i) => `&${nameOf(i)}=${now.data[i]}`);
  const usual = leaf === graph.leaves[0] && start.data[leaf] === first.data[leaf];
  return `#${at}${moved.join("")}${usual ? "" : `&from:${nameOf(leaf)}=${start.data[leaf]}`}`;
}

// What an address says; what it doesn't say, and what nobody could have written, is as in the beginning.
/** @param {Pick<Page, "graph" | "first">} page @param {string} address */
export function read({ graph, first }, address) {
  const [at, ...entries] = address.slice(1).split("&");
  const data = [...first.data];
  let [leaf, start] = [graph.leaves[0], NaN];
  for (const entry of entries) {
    const [, from, key, number] = /^(from:)?(.*)=(.*)$/.exec(entry) ?? [];
    const found = graph.leaves.find((i) => encodeURIComponent(graph.values[i].name) === key);
    if (found === undefined || !number || !Number.isFinite(Number(number))) continue;
    if (from) [leaf, start] = [found, Number(number)];
    else data[found] = Number(number);
  }
  const now = momentAt(graph, numbersOf(graph, data));
  const began = Number.isNaN(start) ? first.data[leaf] : start;
  return { at: Number(at), now, nudge: { leaf, start: momentAt(graph, numbersOf(graph, data, leaf, began)) } };
}

/** @param {Page} page */
function open(page) {
  if (!/^#\d+(&|$)/.test(location.hash)) return;
  const { at, now, nudge } = read(page, location.hash);
  Object.assign(page, { now, nudge });
  goTo(page, at);
}

// Browsers allow only so many changes; a notebook's frame has no address.
/** @param {Page} page */
export function showAddress(page) {
  if (location.protocol === "about:") return;
  page.remembering ||= setTimeout(() => {
    page.remembering = 0;
    const address = addressOf(page);
    if (location.hash !== address && (location.hash || address !== "#0")) history.replaceState(null, "", address);
  }, 350);
}

/** @param {Page} page */
export function startAddress(page) {
  on(window, "hashchange", () => open(page));
  open(page);
}
