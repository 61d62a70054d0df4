// What all screens have: the theme, the dialog, what is said of a database or viewer that is away,
// and keys.

const root = document.documentElement;

export function isDark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function chooseTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("keras-prov-theme", root.dataset.theme); } catch { /* not kept */ }
  dispatchEvent(new Event("theme"));
}

export function colour(name) {
  return getComputedStyle(root).getPropertyValue(name).trim();
}

export function onTheme(draw) {
  addEventListener("theme", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

// ---------------------------------------------------------------- what does not answer

const problem = document.getElementById("problem");

export function showProblem(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

function isAway(text) {
  showProblem(`The database does not answer: ${text} What is shown is from before; this page goes on as soon as it answers.`);
}

const GONE = "The viewer does not answer. Is `keras-prov view` still running? This page goes on as soon as it answers.";
const AGAIN = 2000; // milliseconds until it is asked again
let gone = ""; // what is said of a viewer that does not answer
let isAsking = false;

function sayGone(text) {
  if (gone && problem.textContent !== gone && text !== GONE) return; // something else is said by now
  gone = text;
  showProblem(text);
}

function isThere() {
  if (gone && problem.textContent === gone) showProblem("");
  gone = "";
}

// Nothing was answered: say so until something is. A viewer that was started anew has another token,
// and says itself what to do.
export async function missed() {
  if (isAsking) return;
  isAsking = true;
  sayGone(GONE);
  for (;;) {
    const answer = await fetch(new URL("theme.js", import.meta.url), { cache: "no-store" }).catch(() => null);
    if (answer?.ok) break;
    if (answer?.status === 401) sayGone(await answer.text());
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
  isAsking = false;
  isThere();
}

document.addEventListener("away", (event) => isAway(JSON.parse(event.detail.data)));
document.addEventListener("failed", (event) => showProblem(JSON.parse(event.detail.data)));
document.addEventListener("back", () => showProblem(""));
document.addEventListener("htmx:sse:error", missed);
document.addEventListener("htmx:sse:after:connection", isThere);
document.addEventListener("htmx:error", (event) => { if (event.detail.ctx) missed(); });

// Events of the server for a script: handlers by the events' names.
export function listen(address, handlers) {
  const source = new EventSource(address);
  source.addEventListener("open", isThere);
  source.addEventListener("error", () => {
    missed();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(address, handlers), AGAIN);
  });
  source.addEventListener("away", (event) => isAway(JSON.parse(event.data)));
  source.addEventListener("failed", (event) => showProblem(JSON.parse(event.data)));
  source.addEventListener("back", () => showProblem(""));
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(event.data ? JSON.parse(event.data) : null));
  }
  addEventListener("pagehide", () => source.close());
  return source;
}

async function tryAgain() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer && answer.status !== 503) location.reload();
  else setTimeout(tryAgain, 1500);
}
if (document.querySelector("[data-try-again]")) setTimeout(tryAgain, 1500);

// ---------------------------------------------------------------- data, libraries, addresses

// What a page carries for its script, in a <script type="application/json" id="…">.
export function pageData(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

const loaded = new Map();

// A library of static/vendor that only some screens use; resolves when its global is there.
export function library(file) {
  if (!loaded.has(file)) {
    loaded.set(file, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`vendor/${file}`, import.meta.url).href;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${file} cannot be loaded`));
      document.head.append(script);
    }));
  }
  return loaded.get(file);
}

// The state of a view is its address: read it, and change it without a new entry in the history.
export function stateOf(name, otherwise = "") {
  return new URLSearchParams(location.search).get(name) ?? otherwise;
}

export function setState(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of [value].flat()) if (each !== "" && each != null) query.append(name, each);
  }
  const text = query.toString();
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
  dispatchEvent(new Event("state"));
}

// A text whose signs for directions are seen, because they would turn round what stands beside them.
export function visible(text) {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
}

const SHOWN = ["aria-label", "title"];

// An element with attributes, and children that are elements or texts; texts are never HTML.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") for (const [event, handle] of Object.entries(value)) made.addEventListener(event, handle);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, SHOWN.includes(key) ? visible(String(value)) : value);
  }
  made.append(...children.filter((child) => child != null).map((child) => (child instanceof Node ? child : visible(String(child)))));
  return made;
}

// ---------------------------------------------------------------- the theme's switch, and the dialog

document.getElementById("theme")?.addEventListener("click", chooseTheme);

const dialog = document.getElementById("dialog");
if (dialog) {
  new MutationObserver(() => {
    dialog.setAttribute("aria-label", dialog.querySelector("h2")?.textContent ?? "Form");
    if (dialog.querySelector("[data-done]") && !dialog.querySelector("[data-close]")) dialog.close();
    else if (dialog.childElementCount && !dialog.open) dialog.showModal();
  }).observe(dialog, { childList: true });
  dialog.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) dialog.close(); });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("form.filters input:not([type=hidden])");
  if (field) { event.preventDefault(); field.focus(); field.select(); }
});

// ---------------------------------------------------------------- a graph that has grown since

const news = document.getElementById("news");
if (news) listen(news.dataset.events, { changed() { news.hidden = false; } });
