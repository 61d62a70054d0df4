// How curves look: ten colours; then a stronger shade of each, and then both with other dashes.
import { colour } from "./viewer.js";

const COLOURS = 10;
const STRONGER = 0.42; // of the text's colour, which stands out from the page in both themes
const SOLID = [undefined, undefined, [14, 3], [14, 3]];
const VALIDATION = [[6, 4], [6, 4], [2, 3], [2, 3]];

export function strokeOf(place) {
  const base = colour(`--curve-${place % COLOURS}`);
  return roundOf(place) % 2 ? mixed(base, colour("--text")) : base;
}

export function dashOf(place, isValidation = false) {
  return (isValidation ? VALIDATION : SOLID)[roundOf(place)];
}

// The same for a small box beside a name.
export function swatchOf(place) {
  const stroke = strokeOf(place);
  return dashOf(place) ? `linear-gradient(90deg, ${stroke} 0 9px, transparent 9px 11px, ${stroke} 11px)` : stroke;
}

function roundOf(place) {
  return Math.floor(place / COLOURS) % SOLID.length;
}

function mixed(one, other) {
  const [a, b] = [numbers(one), numbers(other)];
  return `#${a.map((each, place) => Math.round(each + (b[place] - each) * STRONGER).toString(16).padStart(2, "0")).join("")}`;
}

function numbers(text) {
  return [1, 3, 5].map((from) => parseInt(text.slice(from, from + 2), 16));
}
