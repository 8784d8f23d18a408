// The inside of an open neuron: where its boxes stand, and where what it takes comes in.
/// <reference path="../types.d.mts" />

export const BOX = { width: 108, height: 46 };
const PADDING = 12;
const TITLE = 22; // the room for one

// The values of a neuron in columns, each just before all that use it.
/** @param {Value[]} values @param {number[]} inside in topological order */
export function stagesOf(values, inside) {
  const depth = new Map(inside.map((i) => [i, 0]));
  const depthOf = (/** @type {number} */ i) => depth.get(i) ?? 0;
  for (const i of [...inside].reverse())
    for (const input of values[i].inputs)
      if (depth.has(input)) depth.set(input, Math.max(depthOf(input), depthOf(i) + 1));
  const depths = [...new Set(depth.values())].sort((a, b) => b - a);
  return depths.map((d) => inside.filter((i) => depthOf(i) === d));
}

// How many weights of an open neuron are shown at a time.
/** @param {number} weights @param {boolean} down */
export const mostWeights = (weights, down) => (weights <= (down ? 4 : 12) ? weights : down ? 3 : 10);

/** @param {Graph} graph @param {Box} box @param {number} first the first weight that is shown
 *  @param {boolean} down @returns {Inside} */
export function insideOf(graph, box, first, down) {
  const { weights } = box;
  const shown = [...weights.keys()].slice(first, first + mostWeights(weights.length, down));
  const hidden = weights.filter((_, k) => !shown.includes(k));
  const rows = shown.length + (hidden.length ? 1 : 0);
  const stages = stagesOf(graph.values, box.values.filter((i) => !weights.includes(i)));
  const [length, breadth] = down ? [BOX.height, BOX.width] : [BOX.width, BOX.height];
  const [lead, gap, apart] = down ? [36, 36, 12] : [62, 62, 10];
  const pitch = breadth + apart;
  const across = pitch * Math.max(rows, ...stages.map((stage) => stage.length)) + PADDING;
  const along = lead + length + stages.length * (gap + length) + PADDING;
  /** @param {number} a @param {number} b @returns {Point} */
  const at = (a, b) => (down ? [b, a + TITLE] : [a, b + TITLE]);
  /** @type {Map<number, Point>} */
  const boxes = new Map();
  /** @type {Map<number, Point[]>} */
  const gates = new Map();
  const ofRow = (/** @type {number} */ row) => across / 2 + (row - (rows - 1) / 2) * pitch + apart / 2;
  shown.forEach((operand, row) => {
    boxes.set(weights[operand], at(lead + length / 2, ofRow(row)));
    const before = ofRow(row) - breadth / 2 - apart / 2;
    gates.set(operand, [at(0, before), at(lead + length, before)]);
  });
  stages.forEach((stage, column) =>
    stage.forEach((i, row) => {
      const middle = across / 2 + (row - (stage.length - 1) / 2) * pitch;
      boxes.set(i, at(lead + length / 2 + (column + 1) * (gap + length), middle));
    }),
  );
  const [width, height] = at(along, across);
  return { width, height, boxes, gates, rest: hidden.length ? at(lead + length / 2, ofRow(rows - 1)) : null, hidden };
}
