// Numbers as text: four significant digits, a true minus sign, and ≈ where the figures don't give what is shown.

// The number in four digits. Python rounds a tie to the even digit, toExponential(3) rounds it away from 0.
/** @param {number} number */
function fourDigits(number) {
  const tie = /^(-?\d\.\d\d[02468])50*(e.*)/.exec(number.toExponential(100));
  return tie ? tie[1] + tie[2] : number.toExponential(3);
}

// The number as it is shown.
export const figure = (/** @type {number} */ number) => Number(fourDigits(number));

/** @param {number | null} number */
export function shown(number) {
  if (number === null) return "·"; // not computed yet
  if (Number.isNaN(number)) return "undefined";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const [digits, exponent] = fourDigits(number).split("e").map(Number);
  const text = exponent < -4 || exponent > 3 ? `${digits}e${exponent}` : `${figure(number)}`;
  return text.replaceAll("-", "−");
}

export const signed = (/** @type {number} */ number) => (number > 0 ? "+" : "") + shown(number);
export const bracketed = (/** @type {string} */ text) => (text.startsWith("−") ? `(${text})` : text);

// Whether shown figures give the result as it is shown: `figures_give` in Python, where it is explained.
/** @param {number} outcome @param {number} result @param {number[][]} inputs each with its local derivative */
export function equals(outcome, result, inputs = []) {
  const terms = [[figure(result), 1], ...inputs];
  const total = terms.reduce((sum, [number, slope]) => sum + Math.abs(number * slope), 0);
  const lost = terms.some(([number, slope]) => number && slope && Math.abs(number * slope) <= 1e-12 * total);
  return Math.abs(outcome - figure(result)) <= 1e-15 * total && !lost ? "=" : "≈";
}

// The change that a pixel or an arrow key makes: a hundredth of the number's order of magnitude, and at least 0.01.
/** @param {number} number */
export const grain = (number) => 10 ** (Math.max(0, Math.floor(Math.log10(Math.abs(number) || 1))) - 2);

// A number one arrives at by whole grains, without the dust of 0.1 + 0.2, but with the digits it began with.
/** @param {number} number @param {number} from */
export const rounded = (number, from) =>
  Math.abs(number - from) < 1e-6 * grain(from) ? from : Number(number.toPrecision(Math.max(12, `${from}`.length)));
