// One execution: its curves, also while it trains, and its tabs.
import { curveControls, curveOptions } from "./curve_controls.js";
import { addPoints, drawCurves, MAX_MARKS } from "./curves.js";
import { listen, pageData, setState } from "./viewer.js";

const data = pageData("curve-data");
const container = document.getElementById("curves");
const none = document.getElementById("no-curves");
const facts = document.getElementById("facts");

const curves = drawCurves(container, data, curveOptions(data));
const showMetrics = curveControls(document.getElementById("controls"), data, (options) => curves.update(data, options));
none.hidden = data.series.length > 0;
sayWhatIsLeftOut();

// Of long curves, the page has some points; what it leaves out is in the database.
function sayWhatIsLeftOut() {
  const said = [];
  if (data.stretch > 1) said.push(`Of many points, the lowest and the highest of each ${data.stretch} epochs are drawn; the files of Export have all.`);
  if (data.changes > MAX_MARKS) said.push(`Of ${data.changes.toLocaleString("en")} adaptations, some are marked, and more where you zoom in: drag over a curve.`);
  const place = document.getElementById("thinned");
  place.textContent = said.join(" ");
  place.hidden = !said.length;
}

if ("live" in facts.dataset) {
  const last = data.series.reduce((found, each) => {
    const [training, epoch] = [each.training, each.epochs.at(-1) ?? -1];
    return training > found[0] || (training === found[0] && epoch > found[1]) ? [training, epoch] : found;
  }, [0, -1]);
  const query = new URLSearchParams({ run: facts.dataset.run, training: last[0], epoch: last[1] });
  const source = listen(`execution/events?${query}`, {
    curves(later) {
      addPoints(data, later);
      none.hidden = data.series.length > 0;
      showMetrics(data);
      curves.update(data, curveOptions(data));
      sayWhatIsLeftOut();
    },
    facts(now) {
      for (const [name, text] of Object.entries(now)) {
        const place = facts.querySelector(`[data-fact=${name}]`);
        if (place) place.textContent = text;
      }
      const status = facts.querySelector("[data-fact=status]");
      const hasEnded = now.status !== "RUNNING" && now.status !== "READY";
      status.className = `status ${now.status.toLowerCase()}`;
      if (hasEnded) {
        source.close();
        document.querySelector(".tabs [aria-current]")?.click();
      }
    },
  });
}

const tabs = document.querySelector(".tabs");
let before = null; // the tab that was open when another one was clicked

function mark(tab) {
  for (const each of tabs.querySelectorAll("[aria-current]")) each.removeAttribute("aria-current");
  tab.setAttribute("aria-current", "true");
  setState({ tab: tab.dataset.tab === "configuration" ? "" : tab.dataset.tab });
}

tabs.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tab]");
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
  before ??= tabs.querySelector("[aria-current]");
  mark(tab);
});
tabs.addEventListener("htmx:error", () => { if (before) mark(before); before = null; });

function drawSystem() {
  const place = document.getElementById("system-curves");
  if (place && !place.childElementCount) drawCurves(place, pageData("system-data"), { xLabel: "seconds" });
}
new MutationObserver(() => { before = null; drawSystem(); }).observe(document.getElementById("tab"), { childList: true });
drawSystem();
