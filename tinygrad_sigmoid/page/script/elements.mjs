// Elements of the page: found by their id, made, listened to, written in.
/// <reference path="../types.d.mts" />

/** @template {Element} [E=HTMLElement] @param {string} id @returns {E} which the page's HTML has */
export const byId = (id) => /** @type {any} */ (document.getElementById(id));

/** @param {string} kind @param {Record<string, string | number>} attributes @param {(Node | string)[]} children */
export function svg(kind, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  element.append(...children);
  return element;
}

/** @template {keyof HTMLElementTagNameMap} K @param {K} kind @param {Record<string, unknown>} properties */
export const html = (kind, properties) => Object.assign(document.createElement(kind), properties);

/** @param {EventTarget} element @param {string} events with spaces between @param {(event: any) => void} action */
export function on(element, events, action) {
  for (const name of events.split(" ")) element.addEventListener(name, action);
}

/** @param {Element | null} element @param {string} text */
export function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {Part[]} parts */
export function writeParts(element, parts) {
  const spans = parts.map((part) =>
    typeof part === "string" ? part : html("span", { textContent: part[0], className: part[1] }),
  );
  element.replaceChildren(...spans);
}
