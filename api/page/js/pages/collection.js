/** Collection page: events by source and hour, missing hours, quotas, and what went wrong. */

import { get } from "../api.js";
import { h, note, nothing, table } from "../dom.js";
import { daysChoice, narrowing } from "../filters.js";
import { count, counted, earlier, moment } from "../format.js";
import { heatMap } from "../heat_map.js";
import { choice } from "../place.js";

const SPANS = [7, 2, 30];
/** The most that the API gives at once: 30 days of six sources. */
const HOURS = 5000;
/** How the hours of a run that failed are filed. */
const FAILED_RUNS = "pipeline";
const SHOWN = 50;

export async function show() {
  const source = choice("source"),
    days = Number(choice("days")) || SPANS[0];
  const all = await get("/collection/status", { limit: HOURS });
  let status = source ? await get("/collection/status", { source, limit: HOURS }) : all;
  if (days !== SPANS[0] && status.end) {
    status = await get("/collection/status", {
      source,
      limit: HOURS,
      start: earlier(status.end, 24 * days),
      end: status.end,
    });
  }
  const names = all.sources.map((row) => ({ name: row.source, title: row.source }));
  const head = [
    h("h1", null, "Collection"),
    h(
      "form",
      { class: "filters", "aria-label": "Filters" },
      narrowing("source", "Source", "all sources", names),
      daysChoice(SPANS),
    ),
  ];
  return status.sources.length ? [head, told(status)] : [head, nothing(status.reason)];
}

function told(status) {
  const silent = silentOnes(status.hours);
  return [
    h("p", { class: "quiet" }, `${moment(status.start)} to ${moment(status.end)}`),
    warnings(status.held, silent),
    table(
      "Sources",
      [
        ["Source", "name"],
        ["Events", "number"],
        ["Hours", "number wide"],
        ["Failed", "number"],
        ["Rejected", "number wide"],
        ["Requests", "number wide"],
        ["Newest hour", ""],
      ],
      status.sources.map((row) => [
        row.source,
        ...["events", "hours", "failed", "rejected", "requests"].map((name) => count(row[name])),
        moment(row.last_hour),
      ]),
    ),
    h("h2", null, "Quota left"),
    quotas(status.quotas),
    h("h2", null, "Events by source and hour"),
    heatMaps(status.hours),
    h("h2", null, "Gaps"),
    gaps(status.gaps, silent),
    h("h2", null, "What went wrong"),
    wrong(status.hours),
  ];
}

/** The sources of which every hour was skipped or failed, with those hours, the newest first. */
function silentOnes(hours) {
  const bySource = grouped(hours, (row) => row.source);
  return new Map(
    [...bySource].filter(
      ([name, rows]) => name !== FAILED_RUNS && rows.every(({ status }) => ["skipped", "failed"].includes(status)),
    ),
  );
}

function grouped(rows, key) {
  const found = new Map();
  for (const row of rows) found.set(key(row), [...(found.get(key(row)) ?? []), row]);
  return found;
}

function warnings(held, silent) {
  // An answer may be older than the end of a wait.
  const waiting = held.filter((row) => Date.parse(row.until) > Date.now());
  const waited = new Set(waiting.map((row) => row.source));
  return [
    waiting.map((row) => note(`${row.source} is left alone until ${moment(row.until)}: ${row.reason}`, "warning")),
    [...silent]
      .filter(([name]) => !waited.has(name))
      .sort()
      .map(([name, rows]) =>
        note(`${name} gave nothing, in ${counted(rows.length, "hour")} of this span: ${rows[0].message}`, "warning"),
      ),
  ];
}

function quotas(found) {
  if (!found.length)
    return nothing(
      "no live source that has a budget is enabled: set `twitter.enabled` or `youtube.enabled`, as the page “Live sources” of the documents says.",
    );
  return table(
    "Quota left",
    [
      ["Source", "name"],
      ["Left", "number"],
      ["Used", "number"],
      ["In", "wide"],
    ],
    found.map((row) => [
      row.source,
      `${count(row.left)} ${row.unit}`,
      `${count(row.used)} of ${count(row.limit)}`,
      `${moment(row.start)} to ${moment(row.end)}`,
    ]),
  );
}

/** A map for each source that has more than one hour; a file that was imported has only one. */
function heatMaps(hours) {
  const often = [...grouped(hours, (row) => row.source)].filter(([, rows]) => rows.length > 1).sort();
  if (!often.length)
    return nothing(
      "no source has more than one hour in this span yet: a file that was imported has one, live sources are asked hour by hour.",
    );
  return often.map(([name, rows]) => heatMap(name, rows));
}

function gaps(found, silent) {
  if (!found.length)
    return silent.size
      ? nothing("no hour is missing of a source that gave something.")
      : note("no hour is missing in this span.", "good");
  return [
    table(
      "Hours without events",
      [
        ["Source", "name"],
        ["From", ""],
        ["To", ""],
        ["Hours", "number"],
      ],
      found.map((row) => [row.source, moment(row.start), moment(row.end), row.hours]),
    ),
    h(
      "p",
      { class: "quiet" },
      "Collect an hour again with ",
      h("code", null, "trend backfill --start … --end …"),
      ", or in the Dagster UI.",
    ),
  ];
}

/** Each thing that happened, once, with its number of hours and the newest of them. */
function wrong(hours) {
  const found = grouped(
    hours.filter((row) => row.message),
    ({ source, status, message }) => JSON.stringify([source, status, message]),
  );
  if (!found.size) return note("nothing in this span.", "good");
  return table(
    "Messages",
    [
      ["Source", "name"],
      ["Status", "wide"],
      ["Hours", "number"],
      ["Newest", "wide"],
      ["What happened", "said"],
    ],
    [...found.values()].slice(0, SHOWN).map((rows) => [
      rows[0].source,
      rows[0].status,
      count(rows.length),
      moment(
        rows
          .map((row) => row.hour)
          .sort()
          .at(-1),
      ),
      rows[0].message,
    ]),
  );
}
