/** A small drawing: mentions of seven days, what is expected of the next one, and how far that may be out. */

import { svg } from "./dom.js";

/** A point of the line counts so many hours: what is expected of another span is no point of it. */
const POINT_HOURS = 24;
const WIDTH = 190,
  HEIGHT = 52,
  EDGE = 4;

/** @param item a card of the API. Where the horizon has passed, a ring shows what came. */
export function sparkline(item) {
  const { days } = item;
  if (!days.length) return null;
  const isPoint = item.horizon_hours === POINT_HOURS;
  const range = isPoint ? item.expected_range : null;
  const after = isPoint ? item.mentions_after : null;
  const expected = isPoint ? (item.expected_mentions ?? range?.middle ?? null) : null;
  const known = [...days, expected ?? 0, after ?? 0, 1];
  // A range that is much higher than all else would flatten the line: it runs out of the drawing.
  const top = Math.max(...known, Math.min(range?.high ?? 0, 1.6 * Math.max(...known)));
  const step = (WIDTH - 2 * EDGE) / days.length;
  const x = (index) => EDGE + index * step;
  const y = (value) => HEIGHT - EDGE - (Math.min(value, top) / top) * (HEIGHT - 2 * EDGE);
  const last = days.length - 1;
  const at = (index, value) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`;
  return svg(
    "svg",
    {
      class: "spark",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": told(days, expected, range, after),
    },
    range &&
      svg("polygon", {
        class: "band",
        points: [at(last, days[last]), at(last + 1, range.high), at(last + 1, range.low)].join(" "),
      }),
    svg("polyline", { class: "line", points: days.map((value, index) => at(index, value)).join(" ") }),
    expected !== null &&
      svg("polyline", { class: "line ahead", points: `${at(last, days[last])} ${at(last + 1, expected)}` }),
    svg("circle", { class: "now", cx: x(last), cy: y(days[last]), r: 2.5 }),
    after !== null && svg("circle", { class: "came", cx: x(last + 1), cy: y(after), r: 3 }),
  );
}

function told(days, expected, range, after) {
  return (
    `Mentions a day, oldest first: ${days.join(", ")}` +
    (expected === null ? "" : `; then about ${expected}`) +
    (range ? `, 8 of 10 such lie between ${range.low} and ${range.high}` : "") +
    (after === null ? "" : `; it became ${after}`)
  );
}
