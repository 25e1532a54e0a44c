/** How fast the API answers, read from its own metrics. */

import { h, table } from "./dom.js";
import { count } from "./format.js";

const BUCKET = /^trend_api_request_seconds_bucket\{(.*)\} (\S+)$/gm;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** A table of routes: requests since the API started, and how long the middle and the slowest hundredth took. */
export function latencies(metrics) {
  const rows = [...buckets(metrics)]
    .filter(([, found]) => found.at(-1)[1])
    .sort()
    .map(([route, found]) => [route, count(found.at(-1)[1]), milliseconds(found, 0.5), milliseconds(found, 0.99)]);
  return [
    table(
      "Time to answer since the API started",
      [
        ["Route", "name"],
        ["Requests", "number"],
        ["Half within", "number"],
        ["99 % within", "number"],
      ],
      rows,
    ),
    h(
      "p",
      { class: "quiet" },
      "Counted by this API process since it started; times are read from a histogram. The first part of a path alone, as /topics, counts its answers from memory too.",
    ),
  ];
}

/** Cumulative counts by upper bound (s) of each route, from Prometheus' text format. */
export function buckets(text) {
  const found = new Map();
  for (const [, labels, value] of text.matchAll(BUCKET)) {
    const { route, le } = Object.fromEntries([...labels.matchAll(LABEL)].map(([, name, said]) => [name, said]));
    found.set(route, [...(found.get(route) ?? []), [le === "+Inf" ? Infinity : Number(le), Number(value)]]);
  }
  for (const one of found.values()) one.sort(([low], [high]) => low - high);
  return found;
}

/** The time (s) within which a share (0 to 1) of requests was answered, taken as even within a bucket. */
export function quantile(found, share) {
  const wanted = share * found.at(-1)[1];
  let low = 0,
    before = 0;
  for (const [high, sum] of found) {
    if (sum >= wanted && sum > before)
      return high === Infinity ? low : low + ((high - low) * (wanted - before)) / (sum - before);
    [low, before] = [high, sum];
  }
  return low;
}

const milliseconds = (found, share) => `${count(Math.round(1000 * quantile(found, share)))} ms`;
