// What a screen reader is told: once things are quiet, one sentence about what has changed.

import { byId, write } from "./elements.mjs";
import { shown, signed } from "./figures.mjs";
import { changesOf } from "./nudge.mjs";
import { plain, told, toldTogether } from "./sentences.mjs";
import { runAt } from "./stops.mjs";

/** @param {Page} page */
function sentence(page) {
  const { graph, now, nudge, at, said } = page;
  if (at !== said.at) {
    const run = runAt(page, at);
    const [heading, ...lines] = (run.name ? toldTogether(graph, run) : told(graph, now, at)).map(plain);
    return `${heading}. ${lines.join(" ")}`;
  }
  const [leaf, output] = [nudge.leaf, graph.output].map((i) => `${graph.values[i].name} is ${shown(now.data[i])}`);
  const { predicted, actual } = changesOf(graph, nudge, now);
  return `${leaf}, ${output}: a change of ${signed(actual)}, predicted ${signed(predicted)}.`;
}

/** @param {Page} page */
export function showSaid(page) {
  clearTimeout(page.saying);
  page.saying = setTimeout(() => {
    const { at, now, said } = page;
    if (at !== said.at || now !== said.now) write(byId("said"), sentence(page));
    page.said = { at, now };
  }, 500);
}
