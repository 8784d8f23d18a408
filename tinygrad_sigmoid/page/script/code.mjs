// The function whose call was recorded: its lines light the values that they made, and values light their lines.

import { outside } from "./areas.mjs";
import { byId, html, on } from "./elements.mjs";
import { highlight } from "./picture.mjs";

// Scrolls the source and nothing else: `scrollIntoView` would scroll the notebook around the page as well.
/** @param {Element} part */
function scrollCode(part) {
  const code = byId("code");
  const [across, down] = outside(part.getBoundingClientRect(), code.getBoundingClientRect());
  code.scrollBy(part.matches(".turn") ? across : -code.scrollLeft, down); // of any other line, its beginning is shown
}

// Lights the lines that made what is pointed at, or else the value of the step that is shown; and which time it was.
/** @param {Page} page */
export function lightLines(page) {
  const step = page.graph.steps[page.at - 1];
  const values = step && !page.pointed.length ? [step.value] : page.pointed;
  for (const part of document.querySelectorAll("#code .line, #code .turn"))
    part.classList.toggle("lit", (page.inside.get(part) ?? []).some((value) => values.includes(value)));
  const lit = document.querySelector("#code .turn.lit") ?? document.querySelector("#code .line.lit");
  if (lit) scrollCode(lit);
}

/** @param {Page} page @param {HTMLElement} pointed @param {HTMLElement} lit @param {number[]} values */
function lightedBy(page, pointed, lit, values) {
  page.inside.set(lit, values);
  on(pointed, "pointerenter focus", () => highlight(page, "self", new Set(values)));
  on(pointed, "pointerleave blur", () => highlight(page, "self", new Set()));
}

/** @param {Page} page */
export function startCode(page) {
  const { code } = page.graph;
  byId("code").hidden = !code;
  code?.lines.forEach((textContent, number) => {
    const line = html("div", { className: "line" });
    const turns = code.turns.filter((turn) => turn.line === number).map((turn) => turn.values);
    const text = html(turns.length ? "button" : "span", { textContent: textContent || " " });
    line.append(text);
    if (turns.length) lightedBy(page, text, line, turns.flat());
    for (const [k, values] of turns.length > 1 ? turns.entries() : []) {
      const turn = html("button", { type: "button", className: "turn", textContent: `${k + 1}` });
      turn.ariaLabel = `${textContent.trim()}, turn ${k + 1}`;
      lightedBy(page, turn, turn, values);
      line.append(turn);
    }
    byId("code").append(line);
  });
}
