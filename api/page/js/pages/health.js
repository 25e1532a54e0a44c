/** Health page: readiness, lags, drift, load, latencies, alerts, schedules and runs. */

import { get } from "../api.js";
import { folded, h, note, nothing, outside, table } from "../dom.js";
import { ago, count, counted, decimal, moment } from "../format.js";
import { latencies } from "../latencies.js";

const ALERTS = 20;
/** Alerts that are shown; those before them are folded. */
const NEWEST = 5;
const STATES = {
  waiting: "waiting",
  held: "held back by quiet hours",
  retrying: "✗ not delivered yet",
  delivered: "✓ delivered",
  given_up: "✗ given up",
};
const GIVES_WAY = [
  "Nothing gives way.",
  "Texts are embedded in larger batches.",
  "Embeddings are postponed until less waits; forecasts go on without them.",
  "Embeddings are postponed, and of these hours' texts only a sample will be embedded.",
];

export async function show() {
  const [health, metrics, scheduler] = await Promise.all([get("/health"), get("/metrics"), get("/scheduler/status")]);
  return [
    h("h1", null, "Health"),
    health.status === "ok" ? note("the platform is fit to serve.", "good") : null,
    health.reasons.map((reason) => note(reason, "warning")),
    table(
      "How new everything is",
      [
        ["What", "name"],
        ["When", ""],
        ["Ago", "number"],
      ],
      [
        ["Newest event", moment(health.last_event), ago(health.last_event)],
        ["Newest forecast", moment(health.last_prediction), ago(health.last_prediction)],
        ["Newest model is for the week of", moment(health.last_training, false), ago(health.last_training)],
      ],
    ),
    h("p", { class: "quiet" }, `trend_assets ${health.version}, lake snapshot ${health.lake_snapshot ?? "—"}`),
    h("h2", null, "Newest collection of each source"),
    health.last_collection.length
      ? table(
          "Sources",
          [
            ["Source", "name"],
            ["Hour", ""],
            ["Ago", "number"],
            ["Status", ""],
            ["Events", "number wide"],
          ],
          health.last_collection.map((row) => [
            row.source,
            moment(row.hour),
            ago(row.hour),
            row.status,
            count(row.events),
          ]),
        )
      : nothing(
          "nothing was collected yet: run `trend import FILE`, `trend demo`, or enable a source in the settings.",
        ),
    h("h2", null, "The model in use"),
    drift(health.drift),
    h("h2", null, "Load"),
    load(health.load),
    h("h2", null, "The API's answers"),
    folded("latencies", "How long each route took", latencies(metrics)),
    h("h2", null, "Alerts"),
    await alerts(),
    h("h2", null, "Dagster"),
    dagster(scheduler),
  ];
}

/** Whether the model in use still does as well as when it was measured. */
function drift(found) {
  if (!found)
    return nothing(
      "not looked at yet: once a model is in use, the sensor `performance_drift` looks every hour (`trend up`).",
    );
  return [
    found.reasons ? note(`it has drifted: ${found.reasons}.`, "warning") : undrifted(found),
    table(
      "Drift of the model in use",
      [
        ["What", "name"],
        ["Figure", "number"],
      ],
      [
        [
          "Order of live forecasts (NDCG@10, 0 to 1; both — until there are 20 live hours)",
          decimal(found.live_ndcg_at_10),
        ],
        ["Order of the same labels when it was trained, on weeks held out", decimal(found.held_out_ndcg_at_10)],
        ["How far the mentions a day have moved (PSI; from 0.25 on it is a shift)", decimal(found.input_psi)],
      ],
    ),
    h(
      "p",
      { class: "quiet" },
      `${found.model_version}, looked at ${moment(found.checked_at)}; ${counted(found.live_cuts, "live hour")} (fewer than 20 are not judged).`,
    ),
  ];
}

/** What is as it was, of what could be judged. */
function undrifted(found) {
  const judged = [
    ["accuracy", found.live_ndcg_at_10],
    ["mentions a day", found.input_psi],
  ]
    .filter(([, figure]) => figure !== null)
    .map(([name]) => name);
  return judged.length
    ? note(`no drift of its ${judged.join(" and ")}.`, "good")
    : nothing("too few forecasts have come due to judge the model, and too few posts were collected.");
}

function load(found) {
  if (!found)
    return nothing(
      "not looked at yet: the hourly schedule does so each time it collects (`trend up`, with `schedule.enabled`).",
    );
  const later = found.postponed_hours
    ? `; the embeddings of ${counted(found.postponed_hours, "hour")} are still to come`
    : "";
  return [
    note(GIVES_WAY[found.step], found.step ? "warning" : "good"),
    h("p", { class: "quiet" }, `${count(found.waiting)} events waited, looked at ${moment(found.checked_at)}${later}.`),
  ];
}

/** The newest alerts; what could not be delivered comes with its reason. */
async function alerts() {
  const page = await get("/alerts", { limit: ALERTS });
  if (!page.items.length) return nothing(page.reason);
  return [
    page.open
      ? note(
          `${counted(page.open, "alert")} ${page.open === 1 ? "is" : "are"} not delivered yet: \`trend alerts test\` says whether the channels work.`,
          "warning",
        )
      : null,
    alertTable("Alerts, the newest first", page.items.slice(0, NEWEST)),
    page.items.length > NEWEST
      ? folded(
          "earlier-alerts",
          counted(page.items.length - NEWEST, "earlier alert"),
          alertTable("Earlier alerts", page.items.slice(NEWEST)),
        )
      : null,
  ];
}

function alertTable(caption, items) {
  return table(
    caption,
    [
      ["When", ""],
      ["Alert", "name"],
      ["What happened", "said long"],
      ["Delivery", "said"],
    ],
    items.map((alert) => [
      moment(alert.raised_at),
      [`${alert.rule.replaceAll("_", " ")}: ${alert.subject}`, " ", h("small", null, alert.severity)],
      alert.message,
      delivery(alert),
    ]),
  );
}

function delivery({ state, delivered_at: at, last_error: error }) {
  if (state === "delivered") return `${STATES[state]} to ${Object.keys(at).join(", ")}`;
  return [STATES[state], error ? h("small", null, ` ${error}`) : null];
}

function dagster(status) {
  if (status.status !== "ok") return nothing(status.reason);
  const ill = status.daemons
    .filter((daemon) => !daemon.healthy)
    .map(({ name }) => name.toLowerCase().replaceAll("_", " "));
  return [
    h("p", null, outside(status.dagster_link, "Open the Dagster UI")),
    ill.length
      ? note(`these parts of the daemon do not run: ${ill.join(", ")}. Start it with \`trend up\`.`, "warning")
      : null,
    folded(
      "clocks",
      `${count(status.clocks.length)} schedules and sensors`,
      table(
        "Schedules and sensors",
        [
          ["Name", "name"],
          ["Kind", "wide"],
          ["State", ""],
          ["Last tick", ""],
          ["Next tick", "wide"],
        ],
        status.clocks.map((clock) => [
          clock.name,
          clock.kind,
          clock.status.toLowerCase(),
          `${moment(clock.last_tick)} ${(clock.last_tick_status ?? "").toLowerCase()}`,
          moment(clock.next_tick),
        ]),
      ),
    ),
    [
      ["Running now", status.running],
      ["Failed lately", status.failed],
    ].map(([title, runs]) => [
      h("h3", null, title),
      runs.length
        ? table(
            title,
            [
              ["Run", "name"],
              ["Partition", ""],
              ["Status", ""],
              ["Started", "wide"],
            ],
            runs.map((run) => [
              outside(run.dagster_link, run.job),
              run.partition,
              run.status.toLowerCase(),
              moment(run.started_at),
            ]),
          )
        : h("p", null, "None."),
    ]),
  ];
}
