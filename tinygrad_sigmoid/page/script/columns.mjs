// The columns of a network: how large each thing in them is, and where it stands.

import { placeImages, roomForImages } from "./images.mjs";
import { BOX, insideOf } from "./inside.mjs";

/** @typedef {{ opened: number[], windows: Map<string, number>, down: boolean }} Shape what is open, and which of many
 *   things are shown, from which one on: in the column "c1", in the neuron "n12" */

const IMAGE_SIDE = 190; // from left to right; from the top down it is smaller, as there is less room
const HEADING = 26; // the room for one
const NAMES = 84; // for those of the inputs
const TALL = 600; // a column of neurons
const PITCH = [20, 56]; // from neuron to neuron, at least and at most
const NAMED = 76; // at most from input to input in a row, whose names stand above them
const CLOSE = 24; // and at most beside an open one
const RADIUS = 17; // of a neuron, at most

const isOpen = (/** @type {Thing} */ { kind }) => kind === "open";

/** @param {Graph} graph @param {Shape} shape @param {number} column @returns {Thing[]} */
function thingsOf(graph, { opened, windows, down }, column) {
  const { boxes, most, image } = graph.columns[column];
  const blank = { x: 0, y: 0, column, radius: 0, inside: null, image: null };
  const side = down ? 0.6 * IMAGE_SIDE : IMAGE_SIDE;
  if (image) return [{ ...blank, kind: "image", boxes, width: side, height: side }];
  const first = windows.get(`c${column}`) ?? 0;
  const shown = boxes.slice(first, first + most);
  const widest = shown.some((number) => opened.includes(number)) ? CLOSE : down && !column ? NAMED : PITCH[1];
  const pitch = Math.min(Math.max(TALL / (shown.length + 1), PITCH[0]), widest);
  const radius = Math.min(RADIUS, 0.4 * pitch);
  const circle = down ? { width: pitch, height: 2 * radius } : { width: 2 * radius, height: pitch };
  /** @param {number} number @returns {Thing} */
  const thing = (number) => {
    const { id, neuron, input } = graph.boxes[number];
    const own = { ...blank, boxes: [number] };
    if (neuron && opened.includes(number)) {
      const inside = insideOf(graph, graph.boxes[number], windows.get(id) ?? 0, down);
      return { ...own, kind: "open", inside, width: inside.width + 12, height: inside.height + 12 };
    }
    if (neuron || input) return { ...own, kind: "round", radius: neuron ? radius : 0.8 * radius, ...circle };
    return { ...own, kind: "value", width: BOX.width + 14, height: BOX.height + 14 };
  };
  const hidden = boxes.filter((number) => !shown.includes(number));
  /** @type {Thing} */
  const rest = { ...blank, kind: "rest", boxes: hidden, width: BOX.width + 14, height: BOX.height + 14 };
  return [...shown.map(thing), ...(hidden.length ? [rest] : [])];
}

// How much room is kept free before each column: for names, headings and images of weights.
/** @param {Thing[][]} columns @param {boolean} down */
function roomBefore(columns, down) {
  const [[first]] = columns;
  return columns.map((things, column) => {
    if (!column && down) return HEADING + (first.kind === "round" ? 8 : -6);
    if (!column) return first.kind === "round" ? NAMES : 8;
    return (down ? HEADING - 10 : 0) + (column === 1 && first.kind === "image" ? roomForImages(things, down) : 0);
  });
}

// Columns from left to right, or from the top down; as far apart as makes them as long as the frame is, for its width.
/** @param {Graph} graph @param {Shape} shape @param {number} ratio the length of the frame to its breadth
 *  @returns {Scene} */
export function sceneOf(graph, shape, ratio) {
  const { down } = shape;
  const columns = graph.columns.map((_, column) => thingsOf(graph, shape, column));
  const before = roomBefore(columns, down);
  const [long, broad] = /** @type {("width" | "height")[]} */ (down ? ["height", "width"] : ["width", "height"]);
  const breadths = columns.map((things) => things.reduce((sum, thing) => sum + thing[broad], 0));
  const lengths = columns.map((things) => Math.max(...things.map((thing) => thing[long])));
  const top = down ? 0 : HEADING;
  const breadth = Math.max(...breadths) + top + 8;
  const taken = [...lengths, ...before].reduce((sum, length) => sum + length, 16);
  const gap = (breadth * ratio - taken) / Math.max(columns.length - 1, 1);
  const isCrowded = (/** @type {Thing[]} */ things) => things.some(({ kind }) => kind === "round");
  const close = columns.flat().some(isOpen);
  const least = columns.map((things) => (down ? 38 : isCrowded(things) && !close ? 110 : 64));
  let along = 0;
  /** @type {Point[]} */
  const headings = [];
  columns.forEach((things, column) => {
    if (column) along += Math.min(Math.max(gap, least[column]), down ? 120 : 300);
    const low = along + Math.min(before[column], HEADING - 6) - 8; // above the images of weights
    along += before[column];
    headings.push(down ? [4, low] : [along + lengths[column] / 2, 16]);
    let across = (breadth + top - breadths[column]) / 2;
    const inRow = things.some(isOpen); // with where it begins, so that what the others take doesn't cross it
    for (const thing of things) {
      const [a, b] = [along + (inRow ? thing[long] : lengths[column]) / 2, across + thing[broad] / 2];
      [thing.x, thing.y] = down ? [b, a] : [a, b];
      across += thing[broad];
    }
    along += lengths[column];
    if (column === 1 && columns[0][0].kind === "image") placeImages(things, down);
  });
  const size = down ? { width: breadth, height: along + 16 } : { width: along + 16, height: breadth };
  return { ...size, things: columns.flat(), down, headings };
}
