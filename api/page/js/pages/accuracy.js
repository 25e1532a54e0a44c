/** Accuracy page: stored forecasts beside counting, week by week, and whether chances hold. */

import { get } from "../api.js";
import { axis, chart } from "../charts.js";
import { h, note, nothing, table } from "../dom.js";
import { exports } from "../files.js";
import { chosenLabel, horizonChoice, labelChoice } from "../filters.js";
import { count, counted, decimal, moment, percent } from "../format.js";
import { measured } from "../measured.js";
import { choice } from "../place.js";

const MADE = {
  live: "live",
  late: "late",
  backfill: "afterwards",
  revised: "again",
  unrecorded: "by an older release",
};
const OURS = "forecast",
  LINE = 3;

export async function show() {
  const label = chosenLabel();
  const [summary, found, horizons] = await Promise.all([
    get("/summary", { label }),
    measured(label, choice("horizon")),
    get("/predictions/horizons"),
  ]);
  const head = [
    h("h1", null, "Accuracy"),
    h(
      "form",
      { class: "filters", "aria-label": "Filters" },
      labelChoice("What was forecast", summary.choices.label),
      horizonChoice(horizons),
    ),
  ];
  if (!found.overall.length) return [head, nothing(found.reason)];
  const others = Object.entries(found.scored)
    .filter(([made]) => made !== found.made)
    .map(([made, cuts]) => `${cuts} made ${MADE[made]}`);
  return [
    head,
    h(
      "p",
      null,
      h("b", null, verdict(found.overall)),
      ` Over ${counted(found.cuts, "hourly forecast")} until ${moment(found.end)}; those of fewer than ten topics, and those of which nothing came true, tell nothing and are left out.`,
    ),
    found.made === "live" ? null : note(`these forecasts were made ${MADE[found.made]}, not live.`),
    others.length
      ? h(
          "p",
          { class: "quiet" },
          `Not among them, and measured apart: hourly forecasts of which ${others.join(", ")}.`,
        )
      : null,
    h(
      "div",
      { class: "bar" },
      exports({
        name: "accuracy",
        rows: () => [
          ["ranking", "precision_at_10", "ndcg_at_10"],
          found.overall.map((row) => [row.ranking, row.precision_at_10, row.ndcg_at_10]),
        ],
      }),
    ),
    table(
      "Means over all of them, the best first",
      [
        ["Topics ranked by", "name"],
        ["Of its ten came true", "number"],
        ["Order (NDCG@10)", "number"],
      ],
      found.overall.map((row) => [row.title, decimal(10 * row.precision_at_10, 1), decimal(row.ndcg_at_10)]),
    ),
    h(
      "p",
      { class: "quiet" },
      "Order (NDCG@10, 0 to 1): 1 when all that came true stand at the top of the ten, less the further down they stand.",
    ),
    h("h2", null, "Order by week"),
    weeks(found),
    h("h2", null, "How early?"),
    early(found.big_topics),
    h("h2", null, "Is it as sure as it should be?"),
    reliability(found),
  ];
}

function verdict(overall) {
  const ours = overall.find((row) => row.ranking === OURS),
    best = overall.find((row) => row.ranking !== OURS);
  if (!ours || !best) return "";
  const [mine, theirs] = [ours, best].map((row) => decimal(10 * row.precision_at_10, 1));
  return `Of the ten topics that it names, ${mine} come true; of those that the best count names, known only afterwards, ${theirs}.`;
}

function early(big) {
  if (!big?.topics) return nothing("no topic became big since the first of these forecasts.");
  const { threshold, topics, lists } = big;
  return [
    h(
      "p",
      null,
      `${counted(topics, "topic")} became big: ${threshold} mentions in 24 hours, and ${2 * threshold} within a day from then.`,
    ),
    table(
      "Lists of ten, and how early they named them",
      [
        ["Topics ranked by", "name"],
        ["Named before", "number"],
        ["Hours before (median)", "number"],
      ],
      lists.map((list) => [
        list.title,
        `${list.named} of ${topics}`,
        list.median_hours === null ? "–" : decimal(list.median_hours, 1),
      ]),
    ),
  ];
}

function weeks({ weeks: told, overall }) {
  if (told.length === 1) return h("p", { class: "quiet" }, "One week so far: a line needs two.");
  const others = overall.map((row) => row.ranking).filter((name) => name !== OURS);
  // The forecast first, so that it has the first colour whatever it is compared with; of more lines none is seen.
  const names = [OURS, ...others.slice(0, 3)];
  const of = (name) => told.map((week) => week.rankings.find((row) => row.ranking === name));
  return chart(
    "Order (NDCG@10) by week of the forecast and of the three counts that did best",
    {
      xAxis: axis("category", { data: told.map(({ week }) => moment(week, false)) }),
      yAxis: axis("value", { min: 0, max: 1, name: "NDCG@10" }),
      series: names.map((name) => ({
        name: overall.find((row) => row.ranking === name)?.title ?? name,
        type: "line",
        symbol: "circle",
        symbolSize: 7,
        lineStyle: { width: name === OURS ? LINE : 1 },
        data: of(name).map((row) => row?.ndcg_at_10 ?? null),
      })),
    },
    340,
  );
}

function reliability({ calibration, brier }) {
  if (!calibration.length)
    return nothing("these forecasts carried no chance: a model needs held-out weeks to be calibrated.");
  const share = { min: 0, max: 1, axisLabel: { formatter: (value) => percent(value) } };
  return [
    h(
      "p",
      null,
      `Where it said 70 %, about 70 of 100 should come true. Mean squared error of the chances (Brier score): ${decimal(brier)}; 0 is perfect.`,
    ),
    chart(
      "Chance given against the share that came true; on the grey line both are equal",
      {
        xAxis: axis("value", { ...share, name: "chance given", nameLocation: "middle", nameGap: 28 }),
        yAxis: axis("value", { ...share, name: "share that came true" }),
        grid: { left: 8, right: 24, top: 58, bottom: 32, containLabel: true },
        tooltip: {
          trigger: "item",
          confine: true,
          formatter: ({ value }) => `said ${percent(value[0])}, came true ${percent(value[1])}`,
        },
        series: [
          {
            name: "as it should be",
            type: "line",
            data: [
              [0, 0],
              [1, 1],
            ],
            symbol: "none",
            lineStyle: { type: "dashed", color: "#888" },
            itemStyle: { color: "#888" },
          },
          {
            name: "as it is",
            type: "line",
            symbol: "circle",
            symbolSize: 9,
            data: calibration.map((bin) => [bin.confidence, bin.came_true]),
            itemStyle: { color: "#0072b2" },
          },
        ],
      },
      360,
    ),
    table(
      "By tenths of the chance",
      [
        ["Chance", ""],
        ["Forecasts", "number"],
        ["Said", "number"],
        ["Came true", "number"],
      ],
      calibration.map((bin) => [
        `${percent(bin.low)} to ${percent(bin.high)}`,
        count(bin.forecasts),
        percent(bin.confidence),
        percent(bin.came_true),
      ]),
    ),
  ];
}
