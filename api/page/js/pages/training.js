/** Training page: runs, accuracy beside the baselines, losses, and why a model was put to use or not. */

import { get } from "../api.js";
import { axis, chart } from "../charts.js";
import { bars, h, note, nothing, outside, table } from "../dom.js";
import { select } from "../filters.js";
import { count, counted, decimal, moment } from "../format.js";
import { choice } from "../place.js";

const OURS = "tgn";
const PROMOTED = { true: "put to use", false: "not put to use", null: "—" };

export async function show() {
  const status = await get("/training/status");
  const head = h("h1", null, "Training");
  if (!status.items.length) return [head, nothing(status.reason)];
  const runs = table(
    "Trainings, the newest first",
    [
      ["Week", ""],
      ["Status", "wide"],
      ["Model", "name"],
      ["Seconds", "number wide"],
      ["Decision", "said wide"],
    ],
    status.items.map((run) => row(run, status.titles)),
  );
  const trained = status.items.filter((run) => run.status === "succeeded");
  if (!trained.length) return [head, runs, nothing("no training has succeeded yet: the reasons are above.")];
  const run = trained.find((one) => one.model_version === choice("model")) ?? trained[0];
  const versions = trained.map((one) => ({ name: one.model_version, title: one.model_version }));
  const labels = (await get("/summary")).choices.label;
  return [
    head,
    runs,
    h("form", { class: "filters", "aria-label": "Model" }, select("model", "Look at", versions)),
    decision(run, status.titles),
    metrics(run.metrics, labels, status.titles),
    await calibration(run, labels),
    losses(run.losses),
  ];
}

const row = (run, titles) => [
  moment(run.week, false),
  run.status === "succeeded" ? "✓ succeeded" : `✗ ${run.status}`,
  run.model_version,
  decimal(run.seconds, 0),
  run.error ?? PROMOTED[run.promoted] + (run.decision ? `: ${plain(run.decision, titles)}` : ""),
];

/** A decision with rankings by what they go by, not by their names. */
const plain = (decision, titles) =>
  Object.entries(titles).reduce((text, [name, title]) => text.replaceAll(name, `“${title}”`), decision);

/** Why it was put to use, or was not. */
function decision(run, titles) {
  const said = run.decision ? plain(run.decision, titles) : "no decision was stored";
  const kind = { true: "good", false: "warning", null: "info" }[run.promoted];
  const how = { true: "Put to use", false: "Not put to use", null: "Not decided" }[run.promoted];
  const weeks = run.metrics.held_out_weeks;
  return [
    note(`${how}: ${said}`, kind),
    h(
      "p",
      { class: "quiet" },
      `Trained at ${moment(run.started_at)} in ${decimal(run.seconds, 0)} s on lake snapshot ${run.lake_snapshot ?? "—"}`,
      weeks === undefined ? ". " : `; ${counted(weeks, "week")} held out. `,
      outside(run.dagster_link, "The checkpoint, in Dagster"),
    ),
  ];
}

function metrics(found, labels, titles) {
  const rankings = Object.entries(found).filter(
    ([, values]) => values && typeof values === "object" && "bursts" in values,
  );
  const parts = labels.map(({ name: label, title }) => {
    const rows = rankings
      .map(([name, values]) => [titles[name], values[label]?.ndcg_at_10 ?? null, name === OURS])
      .filter(([, value]) => value !== null);
    rows.sort((one, other) => other[1] - one[1]);
    return rows.length
      ? h(
          "section",
          null,
          h("h3", null, title),
          bars(`Order (NDCG@10) of every ranking for: ${title}`, rows, (value) => decimal(value)),
        )
      : null;
  });
  return [
    h("h2", null, "Order on weeks that it had not seen, beside others"),
    h(
      "p",
      { class: "quiet" },
      "Order is NDCG@10, 0 to 1: 1 when all that came true stand at the top of the ten, less the further down they stand.",
    ),
    parts.some(Boolean)
      ? h("div", { class: "columns" }, parts)
      : nothing("this training measured nothing: the history was too short to hold weeks out."),
  ];
}

/** What its chances stand on, and how they did since. */
async function calibration(run, labels) {
  const held = labels.filter(({ name }) => run.metrics.tgn?.[name] && "examples" in run.metrics.tgn[name]);
  const live = await Promise.all(held.map(({ name }) => get("/accuracy", { label: name, model: run.model_version })));
  const rows = held.map(({ name, title }, index) => {
    const figures = run.metrics.tgn[name];
    return [
      title,
      count(figures.examples),
      count(figures.positives),
      figures.not_calibrated_because ?? "yes",
      count(live[index].calibration.reduce((sum, bin) => sum + bin.forecasts, 0)),
      decimal(live[index].brier),
    ];
  });
  return [
    h("h2", null, "What its chances stand on"),
    rows.length
      ? table(
          "Forecasts on weeks held out that its chances were calibrated on, and how live ones did since",
          [
            ["Forecast", "name"],
            ["Held out", "number"],
            ["Came true", "number wide"],
            ["Calibrated", "said"],
            ["Live ones scored since", "number wide"],
            ["Squared error of these (Brier)", "number"],
          ],
          rows,
        )
      : nothing("this training held no weeks out to calibrate on."),
    h(
      "p",
      { class: "quiet" },
      "Brier score: the mean squared error of the chances; 0 is perfect. Under Accuracy are forecasts that were tried afterwards, too, and the diagram.",
    ),
  ];
}

function losses(found) {
  const curves = Object.entries(found).filter(([, values]) => Array.isArray(values) && values.length);
  if (!curves.length) return null;
  return [
    h("h2", null, "Losses by epoch"),
    h(
      "div",
      { class: "columns" },
      curves.map(([name, values]) =>
        h(
          "section",
          null,
          h("h3", null, `${name.replaceAll("_", " ")}: ${decimal(values.at(-1))} at last`),
          chart(
            `Losses by epoch of ${name}: ${values.map((value) => decimal(value)).join(", ")}`,
            {
              legend: { show: false },
              grid: { left: 8, right: 16, top: 12, bottom: 8, containLabel: true },
              xAxis: axis("category", { data: values.map((_, epoch) => epoch + 1) }),
              yAxis: axis("value", { scale: true }),
              series: [{ type: "line", symbol: "circle", data: values }],
            },
            180,
          ),
        ),
      ),
    ),
  ];
}
