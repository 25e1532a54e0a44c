/** A topic of the Live page: what it is, what is expected of it, how sure that is, and why. */

import { h, outside, sentence } from "./dom.js";
import { count, hoursSince, moment, percent } from "./format.js";
import { sparkline } from "./sparkline.js";
import { badges, called, topicLink } from "./topic_name.js";

/** Who raises the odds by less is no reason. */
const LEAST_ODDS = 1.1;

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
      called(item.topic, item.topic_label),
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

function sure({ words, confidence, came_true: cameTrue, cut, horizon_hours: hours }) {
  const isAhead = cameTrue === null && hoursSince(cut) < hours;
  const verdict = isAhead ? null : h("span", { class: `mark ${cameTrue}` }, words.verdict);
  if (confidence === null) return [h("small", null, words.likely), verdict];
  return [
    h("b", null, words.chance),
    h("span", { class: "meter", "aria-hidden": "true" }, h("i", { style: `width:${percent(confidence)}` })),
    h("small", null, words.likely),
    verdict,
  ];
}

/** Who raises the chance; those whose name is not known are counted by platform. */
function drivers(people, titles) {
  const strong = people.filter(({ odds }) => odds >= LEAST_ODDS);
  if (!strong.length) return null;
  const named = strong
    .filter(({ name }) => name)
    .map(({ name, link, odds }) => told(link ? outside(link, name) : name, odds));
  const unnamed = Map.groupBy(
    strong.filter(({ name }) => !name),
    ({ source }) => source,
  );
  for (const [source, some] of unnamed) {
    const who = some.length === 1 ? "someone" : `${some.length} people`;
    named.push(told(`${who} on ${titles.get(source) ?? source}`, Math.max(...some.map(({ odds }) => odds))));
  }
  return h(
    "p",
    null,
    "Likelier because of ",
    named.flatMap((one, index) => (index ? [", ", one] : [one])),
    ", compared with the same posts by strangers.",
  );
}

const told = (who, odds) => [who, ` (odds ${odds} times as high)`];

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
