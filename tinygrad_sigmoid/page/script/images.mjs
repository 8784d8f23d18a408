// The weights of neurons that are shown an image: each neuron has an image of its own, a square for each weight.
/// <reference path="../types.d.mts" />

const SIDE = 46; // less would not be legible
const BESIDE = 6; // from a neuron to its image

// Where neurons are closer than that, the images of several stand side by side.
/** @param {Thing[]} things @param {boolean} down */
function abreastOf(things, down) {
  const closed = things.find(({ kind }) => kind === "round");
  return closed ? Math.ceil(SIDE / (down ? closed.width : closed.height)) : 1;
}

// How much room they take before their column.
/** @param {Thing[]} things @param {boolean} down */
export const roomForImages = (things, down) => BESIDE + SIDE * abreastOf(things, down);

/** @param {Thing[]} things @param {boolean} down */
export function placeImages(things, down) {
  const abreast = abreastOf(things, down);
  /** @type {Thing[]} */
  let group = [];
  const place = () => {
    const [first, last] = [group[0], group[group.length - 1]];
    group.forEach((thing, k) => {
      const side = Math.min(SIDE, group.length * (down ? thing.width : thing.height));
      const before = thing.radius + BESIDE + (abreast - k - 0.5) * SIDE;
      const middle = down ? (first.x + last.x) / 2 : (first.y + last.y) / 2;
      const [x, y] = down ? [middle, thing.y - before] : [thing.x - before, middle];
      thing.image = { x, y, width: 0.94 * side };
    });
    group = [];
  };
  for (const thing of things) {
    if (thing.kind === "round") group.push(thing);
    if (thing.kind !== "round" || group.length === abreast) place();
  }
  place();
}

// The middle of one of the pixels of an image, which stand row by row.
/** @param {Image} image @param {number} count @param {number} k @returns {Point} */
export function pixelPoint({ x, y, width }, count, k) {
  const across = Math.sqrt(count);
  const side = width / across;
  return [x + ((k % across) + 0.5) * side - width / 2, y + (Math.floor(k / across) + 0.5) * side - width / 2];
}

// The squares of an image, each as large as its share of the largest number; those of one sign as a path.
/** @param {Image} image @param {(number | null)[]} numbers @param {number} largest @param {number} sign */
export function squares(image, numbers, largest, sign) {
  const cell = image.width / Math.sqrt(numbers.length);
  const one = (/** @type {number} */ number, /** @type {number} */ k) => {
    const size = cell * Math.sqrt(Math.abs(number) / largest);
    const corner = pixelPoint(image, numbers.length, k).map((middle) => (middle - size / 2).toFixed(2));
    return `M${corner.join(" ")}h${size.toFixed(2)}v${size.toFixed(2)}h-${size.toFixed(2)}z`;
  };
  return numbers.map((number, k) => (number && largest && Math.sign(number) === sign ? one(number, k) : "")).join("");
}
