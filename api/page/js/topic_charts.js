/** The charts of the topic page. */

import { axis, chart } from "./charts.js";
import { local } from "./format.js";

const HOUR = 3_600_000;
/** From this many hours on, bars of an hour are too thin to be seen. */
const HOURLY = 14 * 24;

/** Mentions by source, an hour a bar; a day where the span is long. */
export function activityChart(activity, titles) {
  const times = activity.map((row) => local(row.hour));
  const first = Math.min(...times),
    last = Math.max(...times);
  const step = (last - first) / HOUR <= HOURLY ? HOUR : 24 * HOUR;
  const start = Math.floor(first / step) * step;
  const moments = Array.from({ length: Math.floor((last - start) / step) + 1 }, (_, index) => start + index * step);
  const bySource = new Map();
  activity.forEach((row, index) => {
    const bars = bySource.get(row.source) ?? new Array(moments.length).fill(0);
    bars[Math.floor((times[index] - start) / step)] += row.mentions;
    bySource.set(row.source, bars);
  });
  const unit = step === HOUR ? "hour" : "day";
  const told = (at) =>
    new Date(at)
      .toISOString()
      .slice(0, step === HOUR ? 16 : 10)
      .replace("T", " ");
  return chart(`Mentions of the topic each ${unit} by platform`, {
    xAxis: axis("category", { data: moments.map(told) }),
    yAxis: axis("value", { minInterval: 1, name: `mentions each ${unit}` }),
    series: [...bySource].map(([source, data]) => ({
      name: titles.get(source) ?? source,
      type: "bar",
      stack: "all",
      barCategoryGap: "8%",
      data,
    })),
  });
}

/** The chance given at each cut, a line for each thing forecast; filled points came true. */
export function chanceChart(items) {
  const titles = [...new Set(items.map((item) => item.words.title))];
  const symbol = { true: "circle", false: "emptyCircle", null: "triangle" };
  return chart(
    "Chance of the topic's forecasts by time; filled circles came true, empty ones did not, triangles are not known yet",
    {
      useUTC: true,
      xAxis: axis("time"),
      yAxis: axis("value", {
        min: 0,
        max: 1,
        name: "chance",
        axisLabel: { formatter: (share) => `${Math.round(100 * share)}%` },
      }),
      series: titles.map((title) => ({
        name: title,
        type: "line",
        symbol: "circle",
        symbolSize: 8,
        data: items
          .filter((item) => item.words.title === title && item.confidence !== null)
          .map((item) => ({ value: [local(item.cut), item.confidence], symbol: symbol[item.came_true] }))
          .reverse(),
      })),
      tooltip: {
        trigger: "item",
        confine: true,
        formatter: ({ seriesName, value }) => `${seriesName}: ${Math.round(100 * value[1])}%`,
      },
    },
    240,
  );
}
