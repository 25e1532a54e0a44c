/** A topic of the Live page: what it is, what is expected of it, how sure that is, and why. */

import { h, outside, sentence } from "./dom.js";
import { count, moment, percent } from "./format.js";
import { sparkline } from "./sparkline.js";
import { badges, called, topicLink } from "./topic_name.js";

/**
 * @param titles names of the platforms.
 * @param isPicked whether it is ticked to be compared; `pick` is told when that changes.
 */
export function card(item, titles, isPicked, pick) {
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
        checked: isPicked,
        onchange: pick,
      }),
      h("span", { class: "hidden" }, `Compare ${item.topic}`),
    ),
    h(
      "details",
      { id },
      h(
        "summary",
        null,
        "Why, and what people write",
        item.posts[0] && h("span", { class: "glimpse" }, item.posts[0].text),
      ),
      h("p", null, sentence(words.why), "."),
      drivers(item.drivers, titles),
      item.posts.map((post) => sample(post, titles)),
      item.posts.length ? null : h("p", { class: "quiet" }, "No post of that day says more than the topic."),
    ),
  );
}

function expected({ mentions_after: after, expected_range: range, words }) {
  const span = `mentions in ${words.ahead}`;
  if (after !== null) return `${span}: before → after`;
  return range ? [span, h("br"), `8 of 10 such: ${count(range.low)} to ${count(range.high)}`] : span;
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
  const named = people
    .filter(({ name }) => name)
    .map(({ name, link, odds }) => [link ? outside(link, name) : name, ` (odds ${odds} times as high)`]);
  for (const [source, unnamed] of Map.groupBy(people.filter(({ name }) => !name), ({ source }) => source)) {
    const who = unnamed.length === 1 ? "someone" : `${unnamed.length} people`;
    const odds = Math.max(...unnamed.map((one) => one.odds));
    named.push([`${who} on ${titles.get(source) ?? source} (odds up to ${odds} times as high)`]);
  }
  return h(
    "p",
    null,
    "Driven by ",
    named.flatMap((one, index) => (index ? [", ", one] : [one])),
    ", compared with the same posts by strangers.",
  );
}

/** A post with who, where and when; it links to the platform where that has an address for it. */
function sample(post, titles) {
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
