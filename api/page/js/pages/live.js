/** Live page: what is forecast to rise, how sure that is, and why. */

import { get } from "../api.js";
import { card } from "../card.js";
import { figure, h, note, nothing, outside, strip } from "../dom.js";
import { exports } from "../files.js";
import { chosenLabel, comesTrue, horizonChoice, labelChoice, momentChoice, narrowing, toggle } from "../filters.js";
import { ago, count, decimal, hoursSince, moment } from "../format.js";
import { measured } from "../measured.js";
import { address, changed, choice, go } from "../place.js";

const SHOWN = 10,
  MOST_COMPARED = 5;
const LATE_HOURS = 3;
/** Where the filters would push the topics off the first screen. */
const PHONE = "(max-width: 40rem)";
const NARROWING = ["source", "language", "community", "category", "watch"];

export async function show() {
  const label = chosenLabel();
  const horizon = choice("horizon");
  const narrowed = Object.fromEntries(NARROWING.map((name) => [name, choice(name)]));
  const asked = {
    label,
    horizon,
    k: SHOWN,
    at: choice("at"),
    revision: choice("newest") ? "newest" : "",
    spam: choice("spam"),
    ...narrowed,
  };
  const [summary, cards, accuracy, horizons] = await Promise.all([
    get("/summary", { label, horizon }),
    get("/predictions/cards", asked),
    measured(label, horizon),
    get("/predictions/horizons"),
  ]);
  const titles = new Map(summary.choices.source.map((one) => [one.name, one.title]));
  return [
    h("h1", null, cards.items[0]?.words.heading ?? "Forecasts"),
    figures(summary, cards, accuracy),
    filters(summary.choices, horizons),
    cards.cut === null
      ? nothing(`${cards.reason}: run \`trend predict\`, or let the hourly schedule run (\`trend up\`).`)
      : [
          whyCounting(cards, horizons),
          list(cards, titles, comesTrue(horizons, label)),
          cards.items.length ? null : [nothing(cards.reason), h("p", null, leftOut(cards))],
        ],
  ];
}

function figures(summary, cards, accuracy) {
  const { posts, posts_before: before, newest_event: newest } = summary;
  const change = before ? Math.round((100 * (posts - before)) / before) : null;
  const ours = accuracy.overall.find((row) => row.ranking === "forecast");
  const counting = accuracy.overall.find((row) => row.ranking !== "forecast");
  return strip(
    figure(
      "Posts a day",
      count(posts),
      change === null
        ? "in the newest 24 h"
        : `${Math.abs(change)}% ${change < 0 ? "fewer" : "more"} than the day before`,
    ),
    figure(
      "Topics watched",
      count(summary.topics),
      `each with a forecast for the next ${cards.items[0]?.words.ahead ?? "24 h"}`,
    ),
    ours
      ? figure("Came true, of ten named", decimal(10 * ours.precision_at_10, 1), [
          counting
            ? `the best count, known only afterwards: ${decimal(10 * counting.precision_at_10, 1)} (${counting.title}); `
            : null,
          `mean of ${count(accuracy.cuts)} lists${accuracy.made === "live" ? "" : ", tried afterwards"}`,
        ])
      : figure("Came true, of ten named", "—", "no forecast has come due yet"),
    figure(
      "Newest post",
      newest ? `${ago(newest)} ago` : "—",
      newest && hoursSince(newest) > LATE_HOURS
        ? "late: see Health"
        : cards.cut
          ? `forecast made at ${moment(cards.cut)}`
          : null,
    ),
  );
}

function filters(choices, horizons) {
  const languages = choices.language.map(({ name }) => ({ name, title: languageName(name) }));
  const isOpen = !matchMedia(PHONE).matches || [...NARROWING, "at", "newest", "spam"].some((name) => choice(name));
  return h(
    "details",
    { id: "filters", open: isOpen },
    h("summary", null, "Filters"),
    h(
      "form",
      { class: "filters", onsubmit: (event) => event.preventDefault(), "aria-label": "Filters" },
      labelChoice("What is forecast", choices.label),
      horizonChoice(horizons),
      narrowing("category", "Category", "all", choices.category),
      narrowing("language", "Language", "all", languages),
      narrowing("source", "Platform", "all", choices.source),
      narrowing("community", "Community", "all", choices.community),
      narrowing("watch", "Watch list", "all topics", choices.watch),
      momentChoice("at", "As of (UTC)", "The list as it was shown then"),
      toggle("spam", "Spam, too", "Topics of whose posts of the day before at least half look like spam"),
      toggle(
        "newest",
        "With late posts",
        "The newest forecast of that moment, made again with posts that came later; the first one is scored",
      ),
    ),
  );
}

/** `German (de)`; the code alone where it names no language. */
function languageName(code) {
  try {
    return `${new Intl.DisplayNames(["en"], { type: "language" }).of(code)} (${code})`;
  } catch {
    return code;
  }
}

/** Of when the forecast is, and how it came about. */
function made(cards, meaning) {
  const { cut, items, revisions } = cards;
  const kinds = [...new Set(items.map((item) => item.words.made).filter(Boolean))];
  return h(
    "p",
    { class: "quiet" },
    items[0].confidence === null ? null : "The likeliest first, ",
    `${items[0].confidence === null ? "For" : "for"} ${items[0].words.ahead} from ${moment(cut)} on. `,
    `${meaning} `,
    isNarrowed() ? "Mentions are those of all platforms and languages. " : null,
    kinds.map((kind) => `This forecast was ${kind}. `),
    revisions ? `Made again ${revisions} ${revisions === 1 ? "time" : "times"} with posts that came later. ` : null,
    outside(items[0].dagster_link, `Made by ${items[0].words.by}: its hour in Dagster`),
    leftOut(cards),
  );
}

const isNarrowed = () => ["source", "language", "community"].some((name) => choice(name));

/** Why counting ranks the topics, where it does. */
function whyCounting({ items }, horizons) {
  if (!items.some((item) => item.confidence === null)) return null;
  const reason = horizons.find((one) => one.horizon_hours === items[0].horizon_hours)?.reason;
  return note(reason ?? "these topics are ranked by counting, so no chance is given.");
}

/** Which topics are not shown because they look like spam, and how to see them. */
function leftOut({ left_out: topics }) {
  if (!topics.length) return null;
  const told = topics.length === 1 ? "1 topic looks like spam" : `${topics.length} topics look like spam`;
  return h(
    "span",
    { id: "left-out", title: topics.join(", ") },
    ` ${told} and ${topics.length === 1 ? "is" : "are"} left out: `,
    h("a", { href: changed({ spam: "true" }) }, "show spam, too"),
    ".",
  );
}

/** Topics that are ticked; they stay so when the list is shown anew. */
const compared = new Set();

function list(cards, titles, meaning) {
  if (!cards.items.length) return null;
  const compare = h("button", { type: "button", onclick: () => go(address("compare", { topic: [...compared] })) });
  const tell = () => {
    compare.disabled = compared.size < 2;
    compare.textContent = compared.size ? `Compare ${compared.size}` : "Compare";
    compare.title = `Tick 2 to ${MOST_COMPARED} topics at the right`;
  };
  const pick = (topic) => (event) => {
    if (event.target.checked && compared.size >= MOST_COMPARED) event.target.checked = false;
    else if (event.target.checked) compared.add(topic);
    else compared.delete(topic);
    tell();
  };
  tell();
  return [
    h(
      "div",
      { class: "bar" },
      compare,
      exports({ name: "rising-topics", rows: () => rows(cards.items) }),
      made(cards, meaning),
    ),
    h(
      "ol",
      { class: "cards" },
      cards.items.map((item, index) => [
        isFirstUnlikely(cards.items, index) ? h("li", { class: "divider" }, "Less likely than not") : null,
        card(item, titles, compared.has(item.topic), pick(item.topic)),
      ]),
    ),
  ];
}

/** From here on fewer than half of such forecasts come true. */
function isFirstUnlikely(items, index) {
  const unlikely = ({ confidence }) => confidence !== null && confidence < 0.5;
  return unlikely(items[index]) && !(index && unlikely(items[index - 1]));
}

function rows(items) {
  const columns = [
    "rank",
    "topic",
    "name",
    "category",
    "mentions_before",
    "expected_mentions",
    "low",
    "high",
    "confidence",
    "mentions_after",
    "came_true",
    "cut",
  ];
  return [
    columns,
    items.map((item) => [
      item.rank,
      item.topic,
      item.topic_label?.name,
      item.topic_label?.category,
      item.mentions_before,
      item.expected_mentions,
      item.expected_range?.low,
      item.expected_range?.high,
      item.confidence,
      item.mentions_after,
      item.came_true,
      item.cut,
    ]),
  ];
}
