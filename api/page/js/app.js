/** The frame: navigation, time zone, search, and the page that the address names, shown anew when there is news. */

import { Problem, beginPage, get, hasNews, setKey } from "./api.js";
import { h, note } from "./dom.js";
import { zone } from "./format.js";
import { address, asked, choose, go } from "./place.js";

const NEWS_MILLISECONDS = 15_000;
/** Pages by their name in the address, as the navigation has them. */
const TRENDS = { live: "Live", happened: "What happened", compare: "Compare", topic: "Topics" };
const ENGINEERS = { accuracy: "Accuracy", collection: "Collection", training: "Training", health: "Health" };
const PAGES = { ...TRENDS, ...ENGINEERS };

const main = document.getElementById("main");
let showing = 0;

const page = () => asked().get("page") || "live";

async function show({ focus = false } = {}) {
  const turn = ++showing;
  const name = page();
  document.title = `${PAGES[name] ?? "No such page"} · trend_assets`;
  navigation(name);
  main.setAttribute("aria-busy", "true");
  beginPage();
  let content;
  try {
    content = Object.hasOwn(PAGES, name) ? await (await import(`./pages/${name}.js`)).show() : unknown(name);
  } catch (problem) {
    if (!(problem instanceof Problem)) console.error(problem);
    content =
      problem.status === 401
        ? signIn()
        : [note(problem instanceof Problem ? problem.message : `This page failed: ${problem.message}`, "warning")];
  }
  // The address may have changed while the API was asked.
  if (turn !== showing) return;
  replace(content);
  main.setAttribute("aria-busy", "false");
  if (focus) main.focus();
  dispatchEvent(new Event("shown"));
  banner();
}

/** Puts new content in place; what was opened or closed and what had the focus stay so. */
function replace(content) {
  const folds = [...main.querySelectorAll("details[id]")].map(({ id, open }) => [id, open]);
  const focused = main.contains(document.activeElement) ? document.activeElement.id : "";
  main.replaceChildren(...[content].flat(Infinity).filter(Boolean));
  for (const [id, open] of folds) document.getElementById(id)?.toggleAttribute("open", open);
  if (focused) document.getElementById(focused)?.focus();
}

function navigation(name) {
  const links = (pages) =>
    Object.entries(pages).map(([key, title]) =>
      h("a", { href: address(key), "aria-current": key === name ? "page" : null }, title),
    );
  document.getElementById("trends").replaceChildren(...links(TRENDS));
  document.getElementById("engineers").replaceChildren(...links(ENGINEERS));
  document.querySelector("#engineers").prepend(h("span", { class: "quiet" }, "For engineers"));
  document.querySelector(".brand").href = address("live");
}

const unknown = (name) => [
  h("h1", null, "No such page"),
  note(`there is no page “${name}”: choose one of the menu above.`, "warning"),
];

async function banner() {
  const simulated = await get("/summary").then(
    (found) => found.simulated,
    () => false,
  );
  const said = [h("b", null, "This world is simulated."), " These posts were made up; nobody wrote them."];
  document.getElementById("banner").replaceChildren(...(simulated ? said : []));
}

function signIn() {
  const key = h("input", { id: "key", type: "password", autocomplete: "current-password", required: true });
  const enter = (event) => {
    event.preventDefault();
    setKey(key.value.trim());
    show();
  };
  return [
    h("h1", null, "A key is needed"),
    h(
      "form",
      { onsubmit: enter },
      h(
        "p",
        null,
        "Reading needs a key here: ",
        h("code", null, "trend api-key NAME"),
        " makes one. It is kept until this tab is closed.",
      ),
      h("label", null, "Key ", key),
      " ",
      h("button", null, "Enter"),
    ),
  ];
}

function zones() {
  const choices = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name.includes("/"))];
  const list = document.getElementById("tz");
  list.replaceChildren(...choices.map((name) => h("option", { value: name }, name)));
  list.value = zone();
  list.addEventListener("change", () => choose({ tz: list.value === "UTC" ? "" : list.value }));
}

async function look() {
  const typing =
    main.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), select");
  if (!document.hidden && !typing && (await hasNews())) await show();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  go(address("topic", { topic: document.getElementById("wanted").value.trim() }));
});
// The text model is loaded while the words are typed.
document
  .getElementById("wanted")
  .addEventListener("focus", () => get("/topics", { similar: "topic", limit: 1 }).catch(() => null), { once: true });
let before = page();
const moved = () => {
  const isOther = page() !== before;
  before = page();
  if (isOther) scrollTo(0, 0);
  document.getElementById("tz").value = zone();
  return show({ focus: isOther });
};
addEventListener("moved", moved);
addEventListener("popstate", moved);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show());
zones();
show();
setInterval(look, NEWS_MILLISECONDS);
