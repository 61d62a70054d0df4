// What parallel coordinates and the scatter matrix have in common.
import { colour, pageData } from "./viewer.js";

export const MISSING = "-"; // ECharts leaves these out

export function axisData() {
  return pageData("axes-data");
}

export function cut(text, characters = 24) {
  return text.length > characters ? `${text.slice(0, characters - 1)}…` : text;
}

export function number(value) {
  if (value === 0 || (Number.isInteger(value) && Math.abs(value) < 1e6)) return String(value);
  return String(Number(value.toPrecision(3))).replace("e+", "e");
}

// What is written at a place of an axis.
export function textAt(axis, value) {
  return axis.texts.length ? axis.texts[value] ?? "" : number(value);
}

// An execution in words: its label, and its values.
export function described(data, run) {
  const values = data.axes.map((axis) => (axis.values[run] == null ? null : `${cut(axis.title, 40)}: ${textAt(axis, axis.values[run])}`));
  return [data.runs[run].label, ...values.filter(Boolean).slice(0, 12)].join("\n");
}

export function limits(values) {
  const known = values.filter((value) => typeof value === "number");
  if (!known.length) return [0, 1];
  const low = known.reduce((a, b) => Math.min(a, b));
  const high = known.reduce((a, b) => Math.max(a, b));
  return low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high];
}

// Colours by the target metric; null: there is none.
export function colouring(data, dimension) {
  const axis = data.colours;
  if (!axis || axis.texts.length) return null;
  const [min, max] = limits(axis.values);
  return {
    type: "continuous", dimension, min, max, calculable: false, orient: "horizontal", left: "center", bottom: 0, itemHeight: 160, itemWidth: 12,
    inRange: { color: [colour("--curve-0"), colour("--curve-6"), colour("--curve-1"), colour("--curve-7")] },
    outOfRange: { color: colour("--other") },
    text: [`${cut(axis.title)} ${number(max)}`, number(min)], textStyle: { color: colour("--text") },
  };
}

export function tooltip() {
  return { renderMode: "richText", backgroundColor: colour("--page"), borderColor: colour("--field-line"), textStyle: { color: colour("--text"), fontSize: 12 }, confine: true };
}

export function openExecution(data, run) {
  const execution = data.runs[run]?.execution;
  if (execution) location.href = `execution?${new URLSearchParams({ run: execution })}`;
}
