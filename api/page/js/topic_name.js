/** A topic as a link, what it is called and about, and its badges. */

import { h } from "./dom.js";
import { address } from "./place.js";

export const topicLink = (topic) => h("a", { href: address("topic", { topic }), class: "topic" }, topic);

/** What a topic is called, where that says more than the topic itself, and about. */
export function called(topic, label) {
  if (!label) return null;
  const plain = topic.replace(/^[#$]/, "").toLowerCase();
  const said = [
    label.name.toLowerCase() === plain ? null : label.name,
    label.category === "other" ? null : label.category,
  ].filter(Boolean);
  return said.length ? h("span", { class: "called" }, said.join(" · ")) : null;
}

const SPAMMY = 0.5;

/** New, spam, several platforms: `titles` are those of the platforms. */
export function badges(item, titles) {
  const platforms = item.platforms.map(({ source }) => titles.get(source) ?? source);
  return h(
    "span",
    { class: "badges" },
    item.is_new && h("span", { class: "badge new", title: "First seen in the 24 h before" }, "new"),
    item.spam_share >= SPAMMY &&
      h(
        "span",
        { class: "badge spam", title: `${Math.round(item.spam_share * 100)}% of its posts look like spam` },
        "spam",
      ),
    platforms.length > 1
      ? h("span", { class: "badge", title: platforms.join(", ") }, `${platforms.length} platforms`)
      : platforms.map((name) => h("span", { class: "badge" }, name)),
  );
}
