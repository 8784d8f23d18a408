// The edges of a network: straight lines from where a value stands to what uses it, an open neuron's through its gates.

import { innerPoint, sidesOf, spotsOf } from "./spots.mjs";

/** @typedef {{ graph: Graph, spots: Map<number, Spot>, down: boolean }} Plan */
// A label's place, so far from where an edge begins.
/** @param {Point} from @param {Point} to @param {boolean} down @param {number} far @returns {Point} */
function besideEdge([x1, y1], [x2, y2], down, far) {
  const share = Math.min(0.5, far / Math.abs(down ? y2 - y1 : x2 - x1));
  const [x, y] = [x1 + share * (x2 - x1), y1 + share * (y2 - y1)];
  return down ? [x + 28, y + 4] : [x, y - 3];
}

// A line for each weight, which stands for the use of the weight and of what it is multiplied by.
/** @param {Plan} plan @param {Thing} thing @returns {Edge[]} */
function intoNeuron({ graph, spots }, { boxes: [number], x, y, image }) {
  const { weights, sources, neuron } = graph.boxes[number];
  const product = neuron?.product ?? 0;
  return sources.flatMap((source, k) => {
    const spot = image ? undefined : spots.get(source);
    /** @type {[number, number][]} */
    const uses = [[product, weights.length + k], [product, k]];
    if (!spot) return [];
    return [{ uses, points: [spot.out, [x, y]], weight: weights[k], label: null, open: spot.open, many: false }];
  });
}

// What an open neuron takes comes in above the weight that it is multiplied by; of those left out, one edge is drawn.
/** @param {Plan} plan @param {Thing} thing @param {Inside} inside @returns {Edge[]} */
function throughGates({ graph, spots, down }, thing, { gates, boxes, rest, hidden }) {
  const { weights, sources, neuron } = graph.boxes[thing.boxes[0]];
  const product = neuron?.product ?? 0;
  const end = sidesOf(innerPoint(thing, boxes.get(product) ?? [0, 0]), down).in;
  const usual = { open: true, many: false };
  const edges = [...gates].map(([k, gate]) => {
    const [start, ...bends] = gate.map((point) => innerPoint(thing, point));
    const spot = spots.get(sources[k]);
    const label = besideEdge(start, bends[0], down, down ? 20 : 31);
    const points = [...(spot ? [spot.out] : []), start, ...bends, end];
    return { ...usual, uses: [[product, weights.length + k]], points, weight: weights[k], label };
  });
  if (!rest) return /** @type {Edge[]} */ (edges);
  const left = [...weights.keys()].filter((k) => hidden.includes(weights[k]));
  const uses = left.flatMap((k) => [[product, k], [product, weights.length + k]]);
  const points = [sidesOf(innerPoint(thing, rest), down).out, end];
  return /** @type {Edge[]} */ ([...edges, { ...usual, uses, points, weight: null, label: null }]);
}

// Into a value from all that it takes, as far as that has a spot.
/** @param {Plan} plan @param {number} value @returns {Edge[]} */
function intoValue({ graph, spots, down }, value) {
  const to = /** @type {Spot} */ (spots.get(value));
  const { inputs } = graph.values[value];
  const far = to.open ? (down ? 18 : 32) : down ? 44 : 60;
  const many = down && !to.open && inputs.length > 4;
  return inputs.flatMap((input, operand) => {
    const from = spots.get(input);
    if (!from) return [];
    const label = besideEdge(from.out, to.in, down, far);
    return [{ uses: [[value, operand]], points: [from.out, to.in], weight: null, label, open: from.open, many }];
  });
}

// Between the boxes of an open neuron.
/** @param {Plan} plan @param {Thing} thing @param {Inside} inside */
function within(plan, thing, { boxes }) {
  const spots = new Map([...boxes].map(([i, place]) => [i, sidesOf(innerPoint(thing, place), plan.down, true)]));
  return [...boxes.keys()].flatMap((value) => intoValue({ ...plan, spots }, value));
}

/** @param {Graph} graph @param {Scene} scene @returns {Edge[]} */
export function edgesOf(graph, scene) {
  const plan = { graph, spots: spotsOf(graph, scene), down: scene.down };
  return scene.things.flatMap((thing) => {
    if (thing.inside) return [...throughGates(plan, thing, thing.inside), ...within(plan, thing, thing.inside)];
    if (thing.kind === "value") return intoValue(plan, graph.boxes[thing.boxes[0]].shown);
    return thing.kind === "round" ? intoNeuron(plan, thing) : [];
  });
}

// What neurons with an image of their weights use.
/** @param {Graph} graph @param {Thing[]} things */
export function usesByImages({ boxes, values }, things) {
  const products = things.flatMap(({ image, boxes: [number] }) => (image ? (boxes[number].neuron?.product ?? []) : []));
  return products.flatMap((product) =>
    values[product].inputs.map((_, operand) => /** @type {[number, number]} */ ([product, operand])),
  );
}
