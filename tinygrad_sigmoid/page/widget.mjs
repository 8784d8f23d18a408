// The widget's side in the notebook: the page in a frame, and the messages that pass between it and Python.

/**
 * @typedef {object} Model the widget's traits, as anywidget gives them
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, action: () => void) => void} on
 * @property {(event: string, action: () => void) => void} off
 */

/** @param {{ model: Model, el: HTMLElement }} widget */
function render({ model, el }) {
  el.insertAdjacentHTML("beforeend", model.get("page"));
  const frame = /** @type {HTMLIFrameElement} */ (el.querySelector("iframe"));
  const tell = () => frame.contentWindow?.postMessage({ passes: model.get("passes") }, "*");
  const ask = (/** @type {MessageEvent} */ { source, data }) => {
    if (source !== frame.contentWindow) return;
    model.set("moved", data);
    model.save_changes();
  };
  frame.addEventListener("load", tell);
  model.on("change:passes", tell);
  window.addEventListener("message", ask);
  return () => {
    model.off("change:passes", tell);
    window.removeEventListener("message", ask);
  };
}

export default { render };
