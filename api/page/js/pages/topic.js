/** Topic page: search by name or meaning, and the story of one topic. */

import { find, get } from "../api.js";
import { figure, folded, h, note, nothing, outside, strip, table } from "../dom.js";
import { exports } from "../files.js";
import { daysChoice } from "../filters.js";
import { count, counted, decimal, earlier, moment, percent } from "../format.js";
import { choice, choose } from "../place.js";
import { activityChart, chanceChart } from "../topic_charts.js";
import { called, topicLink } from "../topic_name.js";
import { mark } from "./happened.js";

const SPANS = [7, 30, 90, 365],
  NEAREST = 10,
  SHOWN = 9;
/** What a cosine of mean vectors says, from these values on. */
const NEAR = 0.3;
const NEARNESS = [
  [0.6, "very near"],
  [NEAR, "near"],
  [-1, "loosely related"],
];

export async function show() {
  const wanted = choice("topic");
  if (!wanted) return [h("h1", null, "Topics"), await mostMentioned()];
  const days = Number(choice("days")) || SPANS[0];
  let story = await find(`/topics/${encodeURIComponent(wanted)}`, { posts: "10" });
  if (!story) return [h("h1", null, "Topics"), await candidates(wanted)];
  if (days !== SPANS[0]) {
    const newest = story.predictions[0]?.cut ?? story.end;
    const span = { start: earlier(story.end, 24 * days), end: newest > story.end ? newest : story.end };
    story = await get(`/topics/${encodeURIComponent(wanted)}`, { posts: "10", predictions: "1000", ...span });
  }
  const [near, summary] = await Promise.all([
    get("/topics", { similar: story.topic, limit: NEAREST, start: story.start, end: story.end }),
    get("/summary"),
  ]);
  return told(story, days, near, new Map(summary.choices.source.map((one) => [one.name, one.title])));
}

async function mostMentioned() {
  const found = await get("/topics", { limit: "20" });
  return found.items.length ? choices("Most mentioned in the last seven days", found.items) : nothing(found.reason);
}

/** No topic is called so: those that begin so, and those whose posts mean it. */
async function candidates(wanted) {
  const [begin, near] = await Promise.all([
    get("/topics", { prefix: wanted, limit: "20" }),
    get("/topics", { similar: wanted, limit: NEAREST }),
  ]);
  if (!begin.items.length && !near.items.length) {
    return nothing(
      `no topic begins with “${wanted}” in the last seven days, and none is near it in meaning: try another word.`,
    );
  }
  const meant = near.items.filter((item) => item.similarity >= NEAR);
  return [
    note(`no topic is called “${wanted}”.`),
    begin.items.length ? choices(`Topics that begin with “${wanted}”`, begin.items) : null,
    meant.length
      ? choices(`Topics whose posts mean “${wanted}”`, meant)
      : h("p", null, `No topic of the last seven days has posts that mean “${wanted}”.`),
  ];
}

function choices(title, items) {
  const isNear = items[0].similarity !== null;
  return [
    h("h2", null, title),
    table(
      title,
      [
        ["Topic", "name"],
        ["Mentions", "number"],
        ["Last mentioned", "wide"],
        ...(isNear ? [["Nearness in meaning", ""]] : []),
      ],
      items.map((item) => [
        [topicLink(item.topic), called(item.topic, item.topic_label)],
        count(item.mentions),
        moment(item.last_hour),
        ...(isNear ? [nearness(item.similarity)] : []),
      ]),
    ),
  ];
}

const nearness = (cosine) => `${NEARNESS.find(([least]) => cosine >= least)[1]} (${decimal(cosine, 2)})`;

function told(story, days, near, titles) {
  const label = story.topic_label;
  const named = called(story.topic, label);
  const alike =
    label && label.group_topic !== story.topic
      ? [named ? " · means the same as " : "Means the same as ", topicLink(label.group_topic)]
      : null;
  const activity = story.activity.length ? activityChart(story.activity, titles) : null;
  return [
    h("h1", null, story.topic),
    h(
      "p",
      { class: "quiet" },
      named,
      alike,
      named || alike ? " · " : null,
      `${moment(story.start)} to ${moment(story.end)}: the ${days} days up to its last mention`,
    ),
    h(
      "form",
      { class: "filters", "aria-label": "Filters" },
      daysChoice(SPANS),
      h("button", { type: "button", onclick: () => choose({ page: "compare", days: "" }) }, "Compare with others"),
    ),
    strip(
      figure(
        "Mentions",
        count(story.mentions),
        story.repeated
          ? `${count(story.repeated)} of them repeat others' texts and do not count again`
          : "in this span",
      ),
      genZ(story.gen_z),
      figure("Look like spam", percent(story.spam_share), "share of its posts"),
    ),
    activity
      ? [
          activity,
          h(
            "div",
            { class: "bar" },
            exports({
              name: `topic-${story.topic.replaceAll(/\W/g, "")}`,
              rows: () => [["hour", "source", "mentions", "users"], story.activity.map(Object.values)],
              picture: () => activity.picture(),
            }),
          ),
        ]
      : nothing("no mentions in this span."),
    h("h2", null, "Forecasts and how they went"),
    forecasts(story.predictions),
    h("h2", null, "Posts"),
    story.posts.length ? story.posts.map((post) => written(post, titles)) : nothing("its events carry no text."),
    h(
      "div",
      { class: "columns" },
      h(
        "section",
        null,
        h("h2", null, "Named together with"),
        story.related.length
          ? table(
              "Topics named together with it",
              [
                ["Topic", "name"],
                ["Times", "number"],
              ],
              story.related.map((row) => [topicLink(row.topic), row.together]),
            )
          : nothing("no other topic."),
      ),
      h(
        "section",
        null,
        h("h2", null, "Near in meaning"),
        near.items.length
          ? table(
              "Topics near in meaning; 1 is the same, 0 is nothing in common",
              [
                ["Topic", "name"],
                ["Nearness", ""],
              ],
              near.items.map((row) => [topicLink(row.topic), nearness(row.similarity)]),
            )
          : nothing(near.reason),
      ),
      h(
        "section",
        null,
        h("h2", null, "Who names it most"),
        table(
          "Users who name it most",
          [
            ["Who", "name"],
            ["Where", ""],
            ["Times", "number"],
          ],
          story.users.map((user) => [person(user, titles), titles.get(user.source) ?? user.source, user.mentions]),
        ),
      ),
    ),
  ];
}

function genZ(found) {
  if (!found) return figure("Gen Z style", "—", "no posts");
  const parts = Object.entries(found.parts)
    .map(([name, share]) => `${name.replaceAll("_", " ")} ${percent(share)}`)
    .join(", ");
  return figure(
    "Gen Z style",
    `${decimal(found.p50, 2)} (${decimal(found.p10, 2)} to ${decimal(found.p90, 2)})`,
    `0 to 1, half of its posts and the middle 80 %; a rule of thumb by slang, emoji and the like, it measures nobody's age. ${percent(found.signs)} of its posts show any sign${parts ? `: ${parts}` : ""}.`,
  );
}

function person({ name, link, user_id: id, source }, titles) {
  const text = name ?? (link ? `profile on ${titles.get(source) ?? source}` : id);
  return link ? outside(link, text) : text;
}

function written(post, titles) {
  const where = titles.get(post.source) ?? post.source;
  const facts = [
    post.author,
    post.event_type.replaceAll("_", " "),
    moment(post.timestamp),
    post.spam_score >= 0.5 && "looks like spam",
    post.copies && `one of ${count(post.copies)} near copies in 24 h`,
  ];
  return h(
    "blockquote",
    null,
    post.text,
    h(
      "footer",
      null,
      facts.filter(Boolean).join(" · "),
      " · ",
      post.link ? outside(post.link, `on ${where}`) : `on ${where}`,
      " · ",
      outside(post.dagster_link, "its hour in Dagster"),
    ),
  );
}

function forecasts(items) {
  if (!items.length)
    return nothing("it was never forecast in this span: forecasts ask about topics with mentions in the 24 h before.");
  const columns = [
    ["From", "when"],
    ["Forecast", ""],
    ["Rank", "number wide"],
    ["Chance", "number"],
    ["Mentions", "number"],
    ["Outcome", ""],
  ];
  const rows = items.map((item) => [
    [
      outside(item.dagster_link, moment(item.cut)),
      item.words.made ? [" ", h("small", null, item.words.made.split(":")[0])] : null,
    ],
    item.words.title,
    item.rank,
    item.words.chance,
    item.words.mentions,
    mark(item),
  ]);
  return [
    h("p", null, `Newest forecast, ${moment(items[0].cut)}: ${items[0].words.why}.`),
    items.some((item) => item.confidence !== null) ? chanceChart(items) : null,
    table(
      "Forecasts of this topic, the newest first; each links to its hour in Dagster",
      columns,
      rows.slice(0, SHOWN),
    ),
    rows.length > SHOWN
      ? folded(
          "earlier",
          counted(rows.length - SHOWN, "earlier forecast"),
          table("Earlier forecasts of this topic", columns, rows.slice(SHOWN)),
        )
      : null,
  ];
}
