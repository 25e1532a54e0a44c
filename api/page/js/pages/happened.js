/** What happened: the ten of a day before, and what came of them. */

import { get } from "../api.js";
import { h, nothing, table } from "../dom.js";
import { exports } from "../files.js";
import { chosenLabel, comesTrue, horizonChoice, labelChoice } from "../filters.js";
import { earlier, moment, hoursSince } from "../format.js";
import { address, choice } from "../place.js";
import { sparkline } from "../sparkline.js";
import { called, topicLink } from "../topic_name.js";

const DAY = 24,
  SHOWN = 10;

export async function show() {
  const label = chosenLabel();
  const horizon = choice("horizon");
  const [summary, horizons] = await Promise.all([get("/summary", { label, horizon }), get("/predictions/horizons")]);
  const head = [
    h("h1", null, "What happened"),
    h(
      "form",
      { class: "filters", "aria-label": "Filters" },
      labelChoice("What was forecast", summary.choices.label),
      horizonChoice(horizons),
    ),
  ];
  if (summary.cut === null)
    return [
      head,
      nothing("no forecast was made yet: run `trend predict`, or let the hourly schedule run (`trend up`)."),
    ];
  const at = choice("at") || earlier(summary.cut, Number(horizon) || horizons[0].horizon_hours);
  const page = await get("/predictions/cards", { label, horizon, k: SHOWN, at });
  return [
    head,
    days(page.cut ?? at),
    page.items.length ? outcome(page, comesTrue(horizons, label)) : nothing(page.reason),
  ];
}

function days(cut) {
  const chosen = { label: choice("label"), horizon: choice("horizon") };
  const link = (text, hours) => h("a", { href: address("happened", { ...chosen, at: earlier(cut, hours) }) }, text);
  return h(
    "p",
    { class: "bar" },
    link("← a day before", DAY),
    h("b", null, `Forecast of ${moment(cut)}`),
    hoursSince(cut) > 2 * DAY && link("a day later →", -DAY),
  );
}

function outcome(page, meaning) {
  const due = page.items.filter((item) => item.came_true !== null);
  const right = due.filter((item) => item.came_true).length;
  const more = due.filter((item) => item.mentions_after > item.mentions_before).length;
  return [
    due.length
      ? h(
          "p",
          { class: "lead" },
          h("b", null, `${right} of ${due.length}`),
          ` came true; ${more} had more mentions than in the ${page.items[0].words.ahead} before. `,
          h("span", { class: "quiet" }, meaning),
        )
      : nothing(`outcomes of these forecasts are ${page.items[0].words.verdict}.`),
    h("div", { class: "bar" }, exports({ name: "what-happened", rows: () => rows(page.items) })),
    table(
      "The ten of that day and what came of them",
      [
        ["#", "number wide"],
        ["Topic", "name"],
        ["Seven days, and the one forecast", "wide"],
        ["Chance given", "number"],
        ["Mentions", "number"],
        ["Outcome", ""],
      ],
      page.items.map((item) => [
        item.rank,
        [topicLink(item.topic), called(item.topic, item.topic_label)],
        sparkline(item),
        item.words.chance,
        size(item),
        mark(item),
      ]),
    ),
  ];
}

function size({ words, mentions_before: before, mentions_after: after }) {
  const way = after === null ? "" : after > before ? "up" : after < before ? "down" : "";
  return h("span", { class: `size ${way}` }, words.mentions);
}

/** Whether it came true, as a sign and in words, and how long after the forecast. */
export function mark({ came_true: cameTrue, came_after_hours: hours, words }) {
  return h("span", { class: `mark ${cameTrue}` }, hours ? `${words.verdict} ${hours} h later` : words.verdict);
}

function rows(items) {
  const columns = [
    "rank",
    "topic",
    "confidence",
    "mentions_before",
    "expected_mentions",
    "mentions_after",
    "came_true",
    "came_after_hours",
    "cut",
  ];
  return [columns, items.map((item) => columns.map((name) => item[name]))];
}
