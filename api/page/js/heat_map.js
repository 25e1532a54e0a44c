/** Events of one source by day and hour, as a table whose cells are darker the more there were. */

import { h } from "./dom.js";
import { count, moment } from "./format.js";

const LACKING = ["failed", "skipped"];
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

/** @param hours of `/collection/status`, all of one source. */
export function heatMap(name, hours) {
  const most = Math.max(...hours.map((row) => row.events), 1);
  const cells = new Map(hours.map((row) => [moment(row.hour).slice(0, 13), row]));
  const days = [...new Set([...cells.keys()].map((at) => at.slice(0, 10)))].sort();
  const lacking = hours.some((row) => LACKING.includes(row.status)) ? "; striped hours failed or were skipped" : "";
  return h(
    "figure",
    { class: "heat" },
    h("figcaption", null, h("b", null, name), `: up to ${count(most)} events an hour${lacking}`),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": `Events of ${name} by day and hour` },
      h(
        "table",
        { "aria-label": `Events of ${name} by day and hour` },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("th", { scope: "col" }, "day"),
            HOURS.map((hour) => h("th", { scope: "col" }, hour)),
          ),
        ),
        h(
          "tbody",
          null,
          days.map((day) =>
            h(
              "tr",
              null,
              h("th", { scope: "row" }, day.slice(5)),
              HOURS.map((hour) => cell(cells.get(`${day} ${hour}`), most)),
            ),
          ),
        ),
      ),
    ),
  );
}

function cell(row, most) {
  if (!row) return h("td", null, h("span", { class: "hidden" }, "—"));
  const said = LACKING.includes(row.status) ? row.status : count(row.events);
  return h(
    "td",
    {
      class: row.status,
      title: `${moment(row.hour)}: ${said}`,
      style: `--share:${Math.round((100 * row.events) / most)}%`,
    },
    h("span", { class: "hidden" }, said),
  );
}
