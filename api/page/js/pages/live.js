/** Live page: what will rise, how sure that is, and why. */

import { get } from "../api.js";
import { figure, h, note, nothing, outside, sentence, strip } from "../dom.js";
import { exports } from "../files.js";
import { field, narrowing, select, toggle } from "../filters.js";
import { ago, count, decimal, hoursSince, moment, percent } from "../format.js";
import { address, choice, go } from "../place.js";
import { sparkline } from "../sparkline.js";
import { badges, called, topicLink } from "../topic_name.js";

const SHOWN = 10,
  MOST_COMPARED = 5;
const LATE_HOURS = 3;
/** Where the filters would push the topics off the first screen. */
const PHONE = "(max-width: 40rem)";
const NARROWING = ["source", "language", "community", "category", "watch"];

export async function show() {
  const label = choice("label") || "emerges";
  const narrowed = Object.fromEntries(NARROWING.map((name) => [name, choice(name)]));
  const asked = { label, k: SHOWN, at: choice("at"), revision: choice("newest") ? "newest" : "", ...narrowed };
  const [summary, cards, accuracy] = await Promise.all([
    get("/summary", { label }),
    get("/predictions/cards", asked),
    measured(label),
  ]);
  const titles = new Map(summary.choices.source.map((one) => [one.name, one.title]));
  return [
    h("h1", null, "What will rise"),
    figures(summary, cards, accuracy),
    filters(summary.choices),
    cards.cut === null
      ? nothing(`${cards.reason}: run \`trend predict\`, or let the hourly schedule run (\`trend up\`).`)
      : [made(cards), list(cards, titles), cards.items.length ? null : nothing(cards.reason)],
  ];
}

/** The accuracy of live forecasts; where none has come due, of those of which most have. */
export async function measured(label) {
  const found = await get("/accuracy", { label });
  const kinds = Object.entries(found.scored).sort((one, other) => other[1] - one[1]);
  return found.overall.length || !kinds.length ? found : get("/accuracy", { label, made: kinds[0][0] });
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
    figure("Topics watched", count(summary.topics), "each with a forecast for the next 24 h"),
    ours
      ? figure(
          "Right, of its ten",
          decimal(10 * ours.precision_at_10, 1),
          counting
            ? `counting alone: ${decimal(10 * counting.precision_at_10, 1)} (${counting.title})`
            : `over ${accuracy.cuts} hours`,
        )
      : figure("Right, of its ten", "—", "no forecast has come due yet"),
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

function filters(choices) {
  const languages = choices.language.map(({ name }) => ({ name, title: languageName(name) }));
  const isOpen = !matchMedia(PHONE).matches || [...NARROWING, "at", "newest"].some((name) => choice(name));
  return h(
    "details",
    { id: "filters", open: isOpen },
    h("summary", null, "Filters"),
    h(
      "form",
      { class: "filters", onsubmit: (event) => event.preventDefault(), "aria-label": "Filters" },
      select("label", "What is forecast", choices.label),
      narrowing("category", "Category", "all", choices.category),
      narrowing("language", "Language", "all", languages),
      narrowing("source", "Platform", "all", choices.source),
      narrowing("community", "Community", "all", choices.community),
      narrowing("watch", "Watch list", "all topics", choices.watch),
      field("at", "As of (UTC)", "now, or 2026-02-02T12:00Z", "The list as it was shown then"),
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

function made({ cut, items, revisions }) {
  if (!items.length) return null;
  const kinds = [...new Set(items.map((item) => item.words.made).filter(Boolean))];
  const counting = items.some((item) => item.confidence === null);
  return [
    h(
      "p",
      { class: "quiet" },
      `The likeliest first. From ${moment(cut)} on, for 24 h, by ${items[0].words.by}. `,
      revisions ? `Made again ${revisions} ${revisions === 1 ? "time" : "times"} with posts that came later. ` : null,
      outside(items[0].dagster_link, "How it was made, in Dagster"),
    ),
    kinds.map((kind) => note(`this forecast was ${kind}.`)),
    counting &&
      note(
        "no trained model is in use at this hour, so topics are ranked by counting and no chance is given; `trend status` says why.",
      ),
  ];
}

/** Topics that are ticked; they stay so when the list is shown anew. */
const compared = new Set();

function list(cards, titles) {
  if (!cards.items.length) return null;
  const compare = h("button", { type: "button", onclick: () => go(address("compare", { topic: [...compared] })) });
  const tell = () => {
    compare.disabled = compared.size < 2;
    compare.textContent = compared.size ? `Compare ${compared.size}` : "Compare";
  };
  const tick = (topic) => (event) => {
    if (event.target.checked && compared.size >= MOST_COMPARED) event.target.checked = false;
    else if (event.target.checked) compared.add(topic);
    else compared.delete(topic);
    tell();
  };
  tell();
  return [
    h("div", { class: "bar" }, compare, exports({ name: "rising-topics", rows: () => rows(cards.items) })),
    h(
      "ol",
      { class: "cards" },
      cards.items.map((item) => card(item, titles, tick)),
    ),
  ];
}

function card(item, titles, tick) {
  const { words } = item;
  const id = `why-${item.rank}`;
  return h(
    "li",
    { class: "card" },
    h(
      "div",
      { class: "who" },
      h("h2", null, h("span", { class: "rank", "aria-hidden": "true" }, item.rank), " ", topicLink(item.topic)),
      called(item.topic_label),
      badges(item, titles),
    ),
    h("div", { class: "drawn" }, sparkline(item)),
    h("div", { class: "size" }, h("b", null, words.mentions), h("small", null, expected(item))),
    h("div", { class: "sure" }, sure(item)),
    h(
      "label",
      { class: "pick" },
      h("input", {
        id: `pick-${item.rank}`,
        type: "checkbox",
        checked: compared.has(item.topic),
        onchange: tick(item.topic),
      }),
      h("span", { class: "hidden" }, `Compare ${item.topic}`),
    ),
    h(
      "details",
      { id, open: item.rank === 1 },
      h("summary", null, "Why, and what people write"),
      h("p", null, sentence(words.why), "."),
      drivers(item.drivers, titles),
      item.posts.map((post) => sample(post, titles)),
      item.posts.length ? null : h("p", { class: "quiet" }, "No post of that day says more than the topic."),
    ),
  );
}

function expected({ mentions_after: after, expected_range: range }) {
  if (after !== null) return "mentions in 24 h: before → after";
  return range ? `mentions in 24 h; 8 of 10 such: ${count(range.low)} to ${count(range.high)}` : "mentions in 24 h";
}

function sure({ words, confidence, came_true: cameTrue }) {
  if (confidence === null) return h("small", null, "no chance given");
  const verdict = cameTrue === null ? null : h("span", { class: `mark ${cameTrue}` }, words.verdict);
  return [
    h("b", null, words.chance),
    h("span", { class: "meter", "aria-hidden": "true" }, h("i", { style: `width:${percent(confidence)}` })),
    h("small", null, words.likely),
    verdict,
  ];
}

function drivers(people, titles) {
  if (!people.length) return null;
  const named = people.map(({ name, link, source, odds }) => {
    const text = name ?? `someone on ${titles.get(source) ?? source}`;
    return [link ? outside(link, text) : text, ` (odds ${odds} times as high)`];
  });
  return h(
    "p",
    null,
    "Driven by ",
    named.flatMap((one, index) => (index ? [", ", one] : [one])),
    ", compared with the same posts by strangers.",
  );
}

/** A post with who, where and when; it links to the platform where that has an address for it. */
export function sample(post, titles) {
  const where = titles.get(post.source) ?? post.source;
  return h(
    "blockquote",
    null,
    post.text,
    h(
      "footer",
      null,
      [post.author, moment(post.timestamp)].filter(Boolean).join(" · "),
      " · ",
      post.link ? outside(post.link, `on ${where}`) : `on ${where}`,
    ),
  );
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
