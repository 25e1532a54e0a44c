/** Compare page: up to five topics on one chart. */

import { find } from "../api.js";
import { axis, chart } from "../charts.js";
import { folded, h, note, nothing, table } from "../dom.js";
import { exports } from "../files.js";
import { daysChoice } from "../filters.js";
import { count, earlier, moment } from "../format.js";
import { asked, choice, choose } from "../place.js";
import { topicLink } from "../topic_name.js";

const MOST = 5,
  SPANS = [7, 30, 90],
  HOUR = 3_600_000;
/** Those of one cut, a label each. */
const FORECASTS = "3";
/** From this many days on, points of an hour are too close to be seen. */
const HOURLY_DAYS = 3;
/** Shown at least, so that a new topic is seen to rise from nothing. */
const LEAST_STEPS = 7;

export async function show() {
  const topics = asked().getAll("topic").slice(0, MOST);
  const days = Number(choice("days")) || SPANS[0];
  const found = await Promise.all(
    topics.map((topic) => find(`/topics/${encodeURIComponent(topic)}`, { posts: "0", predictions: FORECASTS })),
  );
  const missing = topics.filter((_, index) => !found[index]);
  const end = found
    .filter(Boolean)
    .map((story) => story.end)
    .sort()
    .at(-1);
  // All of one span: the one until the newest mention of any.
  const span = end && { start: earlier(end, 24 * days), end, posts: "0", predictions: FORECASTS };
  const stories = await Promise.all(
    found.filter(Boolean).map((story) => find(`/topics/${encodeURIComponent(story.topic)}`, span)),
  );
  return [
    h("h1", null, "Compare topics"),
    chooser(topics),
    missing.map((topic) => note(`no topic is called ${topic}: search for it first.`, "warning")),
    stories.length ? drawn(stories, days, end) : nothing("name up to five topics, or tick them on the Live page."),
  ];
}

function chooser(topics) {
  const name = h("input", { id: "add", placeholder: "#tag, $cashtag or phrase", size: 24, maxlength: 200 });
  const add = (event) => {
    event.preventDefault();
    if (name.value.trim()) choose({ topic: [...topics, name.value.trim()] });
  };
  return h(
    "form",
    { class: "filters", onsubmit: add, "aria-label": "Topics to compare" },
    topics.length < MOST && h("label", null, "Add a topic", name),
    topics.length < MOST && h("button", null, "Add"),
    daysChoice(SPANS),
    h(
      "span",
      { class: "chips" },
      topics.map((topic) =>
        h(
          "button",
          {
            type: "button",
            class: "chip",
            "aria-label": `Leave out ${topic}`,
            onclick: () => choose({ topic: topics.filter((one) => one !== topic) }),
          },
          `${topic} ×`,
        ),
      ),
    ),
  );
}

function drawn(stories, days, end) {
  const step = (days <= HOURLY_DAYS ? 1 : 24) * HOUR;
  const unit = step === HOUR ? "hour" : "24 h";
  const series = begun(
    stories.map((story) => ({ topic: story.topic, points: counted(story, Date.parse(end), days, step) })),
  );
  const repeated = stories.reduce((sum, story) => sum + story.repeated, 0);
  const moments = series[0].points.map(([at]) => at);
  const picture = chart(
    `Mentions each ${unit} of ${series.map(({ topic }) => topic).join(", ")}`,
    {
      xAxis: axis("category", { data: moments.map((at) => moment(at)), boundaryGap: false }),
      yAxis: axis("value", { minInterval: 1, name: `mentions each ${unit}` }),
      series: series.map(({ topic, points }) => ({
        name: topic,
        type: "line",
        symbol: "circle",
        showSymbol: days <= SPANS[0],
        data: points.map(([, value]) => value),
      })),
    },
    360,
  );
  const figures = () => [
    ["from", ...series.map(({ topic }) => topic)],
    moments.map((at, row) => [at, ...series.map(({ points }) => points[row][1])]),
  ];
  return [
    note(
      `Mentions from ${moment(moments[0])} until ${moment(end)}, by ${step === HOUR ? "hours" : "days of 24 h"}` +
        (repeated ? `; ${count(repeated)} of them repeat others' texts, which forecasts do not count.` : "."),
    ),
    h("div", { class: "bar" }, exports({ name: "compare-topics", rows: figures, picture: () => picture.picture() })),
    picture,
    table(
      "The topics compared",
      [
        ["Topic", "name"],
        [`Mentions in ${days} days`, "number"],
        ["Mentions, and those expected", ""],
        ["Chance to grow", "number"],
      ],
      stories.map((story) => [topicLink(story.topic), count(story.mentions), ...forecast(story)]),
    ),
    folded(
      "figures",
      "The chart as a table",
      table(
        "Mentions",
        [["From", ""], ...series.map(({ topic }) => [topic, "number"])],
        moments.map((at, row) => [moment(at), ...series.map(({ points }) => count(points[row][1]))]),
      ),
    ),
  ];
}

/** What the newest forecast whether it will grow says. */
function forecast({ predictions }) {
  const found = predictions.find((item) => item.label === "emerges");
  if (!found) return [null, null];
  const { mentions, ahead, chance } = found.words;
  return [`${mentions} in ${ahead} from ${moment(found.cut)} on`, chance];
}

/** Without the steps before any of the topics was mentioned: perhaps no posts were collected then. */
function begun(series) {
  const steps = series[0].points;
  const first = steps.findIndex((_, step) => series.some(({ points }) => points[step][1]));
  const start = Math.max(0, Math.min(first - 1, steps.length - LEAST_STEPS));
  return series.map(({ topic, points }) => ({ topic, points: points.slice(start) }));
}

/** Mentions of each step until the end, none left out: [its begin, mentions]. */
function counted(story, end, days, step) {
  const bins = new Array(Math.round((days * 24 * HOUR) / step)).fill(0);
  const start = end - bins.length * step;
  for (const { hour, mentions } of story.activity) {
    const bin = Math.floor((Date.parse(hour) - start) / step);
    if (bin >= 0 && bin < bins.length) bins[bin] += mentions;
  }
  return bins.map((mentions, index) => [new Date(start + index * step).toISOString(), mentions]);
}
