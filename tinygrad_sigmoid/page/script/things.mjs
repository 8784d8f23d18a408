// What stands in a network, as elements: circles, images, boxes, frames and edges.

import { svg } from "./elements.mjs";
import { pixelPoint } from "./images.mjs";
import { BOX } from "./inside.mjs";

/** @param {Point} place @param {string} text @param {string} [look] */
export const textAt = ([x, y], text, look = "") => svg("text", { x, y, class: look }, text);

/** @param {Point} middle @param {number} side */
const squareAt = ([x, y], side) => ({ x: x - side / 2, y: y - side / 2, width: side, height: side });

/** @param {(number[])[]} points */
const lineThrough = (points) => `M${points.map((point) => point.map((n) => n.toFixed(1)).join(" ")).join("L")}`;

// A neuron or an input: its outline, its fill, its bias as a ring, its number, and all of it under the pointer.
/** @param {Graph} graph @param {Thing} thing @param {boolean} down */
export function drawRound(graph, { x, y, radius, boxes, width, height }, down) {
  const { id, neuron, shown } = graph.boxes[boxes[0]];
  const circles = ["outline", "fill", "ring"].map((look) => svg("circle", { class: look, cx: x, cy: y, r: radius }));
  const kind = neuron ? "neuron" : graph.leaves.includes(shown) ? "input leaf" : "input";
  const hasRoom = down ? width >= (neuron ? 52 : 72) : !neuron || height >= 2 * radius + 16;
  /** @type {Point} */
  const place = neuron ? [x, y + radius + 13] : down ? [x, y - radius - 5] : [x - radius - 6, y + 4];
  const number = textAt(place, "", neuron || down ? "" : "before");
  return svg("g", { class: `node round ${kind}`, id }, ...circles, ...(hasRoom ? [number] : []), svg("title", {}));
}

// An image of inputs, each pixel a box of its own.
/** @param {Graph} graph @param {Thing} image */
export function drawPixels(graph, image) {
  const { boxes, width } = image;
  const side = width / Math.sqrt(boxes.length);
  return boxes.map((number, k) => {
    const { id, shown } = graph.boxes[number];
    const place = squareAt(pixelPoint(image, boxes.length, k), side);
    const rects = ["outline", "fill"].map((look) => svg("rect", { class: look, ...place }));
    const kind = graph.leaves.includes(shown) ? "leaf" : "";
    return svg("g", { class: `node pixel ${kind}`, id }, ...rects, svg("title", {}));
  });
}

// Where the image of a neuron's weights stands, and the squares of either sign.
/** @param {Image} image */
export function drawImage({ x, y, width }) {
  const signs = ["plus", "minus"].map((sign) => svg("path", { class: `fill ${sign}` }));
  return svg("g", { class: "weights" }, svg("rect", { class: "outline", ...squareAt([x, y], width) }), ...signs);
}

// An image of inputs goes to each neuron of the first layer: all of their edges are drawn as one.
/** @param {Thing[]} things @param {boolean} down */
export function drawShown(things, down) {
  const [{ kind, x, y, width }] = things;
  const images = things.flatMap(({ image }) => image ?? []);
  if (kind !== "image" || !images.length) return null;
  const side = images[0].width;
  const across = images.map((image) => (down ? image.x : image.y));
  const along = Math.min(...images.map((image) => (down ? image.y : image.x))) - side / 2 - 3;
  const [low, high] = [Math.min(...across) - side / 2, Math.max(...across) + side / 2];
  const [middle, end] = down ? [x, y + width / 2] : [y, x + width / 2];
  const corners = [[end, middle - width / 2], [along, low], [along, high], [end, middle + width / 2]];
  const path = svg("path", { d: `${lineThrough(corners.map(([a, b]) => (down ? [b, a] : [a, b])))}z` });
  return svg("g", { class: "edge all" }, path);
}

// As much of a name as a box has room for.
const shortened = (/** @type {string} */ name) => (name.length > 17 ? `${name.slice(0, 16)}…` : name);

/** @param {Point} middle @param {string} kind @param {string[]} lines @param {string} id */
export function drawBox([x, y], kind, lines, id) {
  const rx = kind === "leaf" ? 0 : 7;
  const frame = svg("rect", { x: x - BOX.width / 2, y: y - BOX.height / 2, ...BOX, rx });
  const first = y + 4 - 6.5 * (lines.length - 1);
  const texts = lines.map((line, row) => textAt([x, first + 13 * row], shortened(line)));
  return svg("g", { class: `node ${kind}`, id }, frame, ...texts);
}

// An open neuron's frame, which closes it again.
/** @param {Thing} thing @param {string} name @param {string} id */
export function drawOpen({ x, y, width, height }, name, id) {
  const [left, top] = [x - width / 2 + 6, y - height / 2 + 6];
  const frame = svg("rect", { x: left, y: top, width: width - 12, height: height - 12, rx: 8 });
  const close = textAt([x + width / 2 - 18, top + 16], "×");
  return svg("g", { class: "unfolded", id }, frame, textAt([left + 10, top + 16], name, "after"), close);
}

/** @param {Edge} edge */
export function drawEdge({ uses: [[value, operand]], points, label, weight, open, many }) {
  const looks = Object.entries({ weight: weight !== null, inner: open, many }).filter(([, has]) => has);
  const look = ["edge", ...looks.map(([name]) => name)].join(" ");
  const path = svg("path", { d: lineThrough(points) });
  return svg("g", { class: look, id: `e${value}.${operand}` }, path, ...(label ? [textAt(label, "")] : []));
}
