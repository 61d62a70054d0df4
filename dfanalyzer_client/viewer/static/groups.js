// Curves of executions with the same value of a hyperparameter, as their mean and an interval.

const NONE = { low: null, high: null };

// What 2.5 % of Student's t are above, by degrees of freedom from 1; beyond, a normal distribution.
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042];
const NORMAL = 1.96;

export const INTERVALS = {
  mean: "95 % interval of the mean",
  deviation: "± standard deviation",
  range: "lowest to highest",
};

// Data as drawCurves takes it: a group for a run, and series with `low` and `high` beside their values.
// `texts` has the value of the hyperparameter for each run.
export function grouped(data, name, texts, interval = "mean") {
  const known = [...new Set(texts)].sort((a, b) => Number(a) - Number(b) || a.localeCompare(b));
  const groupOf = texts.map((text) => known.indexOf(text));
  const found = new Map();
  for (const each of data.series) {
    const key = JSON.stringify([groupOf[each.run], each.training, each.metric]);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(each);
  }
  return {
    runs: known.map((text, place) => ({ execution: `${name} ${text} (${groupOf.filter((group) => group === place).length})` })),
    series: [...found].map(([key, series]) => {
      const [run, training, metric] = JSON.parse(key);
      return { run, training, metric, ...meanOf(data.stretch > 1 ? alike(series) : series, interval) };
    }).sort((a, b) => a.run - b.run),
    adaptations: data.adaptations.map((each) => ({ ...each, run: groupOf[each.run] })),
    stretch: data.stretch,
  };
}

// Long curves have points at other epochs each: here they have those of all, on straight lines between
// their own. A curve that ends earlier has none behind its end.
function alike(series) {
  const epochs = [...new Set(series.flatMap((each) => each.epochs))].sort((a, b) => a - b);
  return series.map((each) => {
    const own = each.epochs.map((epoch, place) => [epoch, each.values[place]]).filter(([, value]) => typeof value === "number");
    const inside = own.length ? epochs.filter((epoch) => own[0][0] <= epoch && epoch <= own.at(-1)[0]) : [];
    let next = 0;
    const values = inside.map((epoch) => {
      while (own[next][0] < epoch) next += 1;
      if (own[next][0] === epoch) return own[next][1];
      const [[a, low], [b, high]] = [own[next - 1], own[next]];
      return low + (high - low) * (epoch - a) / (b - a);
    });
    return { ...each, epochs: inside, values };
  });
}

function meanOf(series, interval) {
  const at = new Map();
  for (const each of series) {
    each.epochs.forEach((epoch, place) => {
      const value = each.values[place];
      if (!at.has(epoch)) at.set(epoch, []);
      if (typeof value === "number") at.get(epoch).push(value);
    });
  }
  const epochs = [...at.keys()].sort((a, b) => a - b);
  const values = epochs.map((epoch) => mean(at.get(epoch)));
  const bounds = epochs.map((epoch, place) => bound(at.get(epoch), values[place], interval));
  return { epochs, values, low: bounds.map((each) => each.low), high: bounds.map((each) => each.high) };
}

function mean(numbers) {
  return numbers.length ? numbers.reduce((sum, each) => sum + each, 0) / numbers.length : null;
}

// One number has no deviation, and an interval of the mean of two says next to nothing; each number is
// a lowest and a highest one.
export function bound(numbers, middle, interval) {
  if (!numbers.length) return NONE;
  if (interval === "range") {
    return { low: numbers.reduce((a, b) => Math.min(a, b)), high: numbers.reduce((a, b) => Math.max(a, b)) };
  }
  if (numbers.length < (interval === "deviation" ? 2 : 3)) return NONE;
  const deviation = Math.sqrt(numbers.reduce((sum, each) => sum + (each - middle) ** 2, 0) / (numbers.length - 1));
  const half = interval === "deviation" ? deviation : (T[numbers.length - 2] ?? NORMAL) * deviation / Math.sqrt(numbers.length);
  return { low: middle - half, high: middle + half };
}
