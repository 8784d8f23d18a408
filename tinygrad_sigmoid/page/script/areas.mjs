// Areas of the window, in its pixels: how far apart they are, how much they cover, how far one is outside of another.

export const GAP = 8;

// The area of an element, with a gap around it.
/** @param {Element} element @returns {Area} */
export function around(element) {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return { left: left - GAP, top: top - GAP, right: right + GAP, bottom: bottom + GAP };
}

// How much of other areas one covers.
/** @param {Area} one @param {Area[]} others */
export function covered(one, others) {
  let sum = 0;
  for (const other of others) {
    const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    if (across > 0 && down > 0) sum += across * down;
  }
  return sum;
}

/** @param {Area} a @param {Area} b */
export const distance = (a, b) =>
  Math.hypot(Math.max(a.left - b.right, b.left - a.right, 0), Math.max(a.top - b.bottom, b.top - a.bottom, 0));

// How far to the right and downwards one, with a margin, is outside of a frame; negative to the left or upwards.
/** @param {Area} area @param {Area} frame @param {number} [margin] @returns {[number, number]} */
export function outside(area, frame, margin = 0) {
  /** @param {number} before @param {number} after */
  const missing = (before, after) => Math.min(0, before - margin) || Math.max(0, after + margin);
  return [
    missing(area.left - frame.left, area.right - frame.right),
    missing(area.top - frame.top, area.bottom - frame.bottom),
  ];
}
