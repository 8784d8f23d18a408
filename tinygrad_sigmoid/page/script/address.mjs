// The address of what is shown, so that it can be reloaded, gone back to and mailed: the step, every leaf that was
// moved, where the nudge began, which wrong way is played, which neurons are open, how much a step is and whether the
// colours are the gradients', as in #5&w=0.65&from:w=0.6, #5&way:2 or #5&level:0&gradients&open:layer1.neuron3. Back
// undoes a nudge.

import { choose } from "./algorithms.mjs";
import { on } from "./elements.mjs";
import { momentAt, numbersOf, usualLeaf, usualLevel } from "./graph.mjs";
import { goTo } from "./tour.mjs";

/** @param {Page} page */
function addressOf({ graph, first, now, nudge: { leaf, start }, at, algorithm, level, gradients, opened }) {
  const nameOf = (/** @type {number} */ i) => encodeURIComponent(graph.values[i].name);
  const moved = graph.leaves.filter((i) => now.data[i] !== first.data[i]).map((i) => `&${nameOf(i)}=${now.data[i]}`);
  const usual = leaf === usualLeaf(graph, first) && start.data[leaf] === first.data[leaf];
  const way = algorithm ? `&way:${algorithm}` : "";
  const seen = (level === usualLevel(graph) ? "" : `&level:${level}`) + (gradients ? "&gradients" : "");
  const open = opened.map((number) => `&open:${encodeURIComponent(graph.boxes[number].neuron?.name ?? "")}`).join("");
  return `#${at}${way}${seen}${open}${moved.join("")}${usual ? "" : `&from:${nameOf(leaf)}=${start.data[leaf]}`}`;
}

// A name as whoever wrote it may have: mail programs, and people, escape less than `encodeURIComponent` or more.
/** @param {string} key */
function unescaped(key) {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

// The neurons that these entries of an address name as open.
/** @param {Graph} graph @param {string[]} entries */
function openIn({ boxes }, entries) {
  const names = entries.filter((entry) => entry.startsWith("open:")).map((entry) => unescaped(entry.slice(5)));
  const found = names.map((name) => boxes.findIndex(({ neuron }) => neuron?.name === name));
  return [...new Set(found)].filter((number) => number >= 0);
}

// What an address says; what it doesn't say, and what nobody could have written, is as in the beginning.
/** @param {Page} page @param {string} address */
function read({ graph, first }, address) {
  const [at, ...entries] = address.slice(1).split("&");
  const data = [...first.data];
  let leaf = usualLeaf(graph, first);
  let began = first.data[leaf];
  let [algorithm, level] = [0, usualLevel(graph)];
  const gradients = graph.columns.length > 0 && entries.includes("gradients");
  for (const entry of entries) {
    const way = Number(/^way:(\d+)$/.exec(entry)?.[1] ?? 0);
    if (way <= graph.algorithms.length) algorithm ||= way;
    if (graph.columns.length) level = Number(/^level:([012])$/.exec(entry)?.[1] ?? level);
    const [, from, key, number] = /^(from:)?(.*)=(.*)$/.exec(entry) ?? [];
    const found = graph.leaves.find((i) => graph.values[i].name === unescaped(key));
    if (found === undefined || !number || !Number.isFinite(Number(number))) continue;
    if (from) [leaf, began] = [found, Number(number)];
    else data[found] = Number(number);
  }
  const isMoved = data.some((number, i) => number !== first.data[i]);
  const now = isMoved ? momentAt(graph, numbersOf(graph, data)) : first;
  const nudge = { leaf, start: momentAt(graph, numbersOf(graph, data, leaf, began)) };
  const seen = { level, gradients, opened: openIn(graph, entries) };
  return { at: Number(at), now, algorithm: isMoved ? 0 : algorithm, nudge, ...seen };
}

/** @param {Page} page */
function open(page) {
  page.address = location.hash;
  if (!/^(#\d+(&|$)|$)/.test(location.hash)) return;
  const { at, now, algorithm, nudge, ...seen } = read(page, location.hash);
  const kept = { now, nudge: null };
  Object.assign(page, { now, nudge, kept, ...seen, entered: seen.opened[0] ?? -1, stale: true });
  choose(page, algorithm);
  goTo(page, at);
}

// Browsers allow only so many changes; a notebook's frame has no address.
/** @param {Page} page */
export function showAddress(page) {
  if (location.protocol === "about:") return;
  page.remembering ||= setTimeout(() => {
    page.remembering = 0;
    if (location.hash !== page.address) return; // another was just asked for, and is about to be opened
    const address = addressOf(page);
    const { now, nudge, kept } = page;
    const isMoved = now !== kept.now;
    if (isMoved) page.kept = { now, nudge };
    if ((location.hash || "#0") === address) return;
    if (isMoved && nudge !== kept.nudge) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    page.address = location.hash;
  }, 350);
}

/** @param {Page} page */
export function startAddress(page) {
  on(window, "hashchange", () => {
    /** @type {HTMLElement | null} */ (document.querySelector("#rows :focus"))?.blur(); // or it would keep its number
    open(page);
  });
  open(page);
}
