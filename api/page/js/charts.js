/** Charts by Apache ECharts, in the colours of the page; the library is loaded when the first chart is. */

import { h } from "./dom.js";

const LIBRARY = "page/vendor/echarts.common.min.js";
/** Told apart also by people who see red and green alike (Okabe and Ito 2008). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const PICTURE_PIXELS = 2;
let loading;

const library = () =>
  (loading ??= new Promise((resolve, reject) => {
    document.head.append(
      h("script", {
        src: LIBRARY,
        onload: () => resolve(window.echarts),
        onerror: () => reject(new Error(`${LIBRARY} cannot be loaded`)),
      }),
    );
  }));

/**
 * A chart; it is drawn once the page holds it.
 * @param told what it shows, for those who cannot see it.
 * @param options of ECharts; colours and fonts are added here.
 */
export function chart(told, options, height = 260) {
  const place = h("div", { class: "chart", role: "img", "aria-label": told, style: `height:${height}px` });
  addEventListener(
    "shown",
    async () => {
      if (!place.isConnected) return;
      const drawn = (await library()).init(place, null, { renderer: "svg" });
      drawn.setOption({ ...frame(), ...options });
      const sized = new ResizeObserver(() =>
        place.isConnected ? drawn.resize() : (sized.disconnect(), drawn.dispose()),
      );
      sized.observe(place);
    },
    { once: true },
  );
  place.picture = () => picture(options, place);
  return place;
}

/** A PNG of a chart as a data URL: drawn again, on a canvas. */
async function picture(options, place) {
  const canvas = h("div", {
    style: `width:${place.clientWidth}px;height:${place.clientHeight}px;position:absolute;left:-9999px`,
  });
  document.body.append(canvas);
  const drawn = (await library()).init(canvas, null, { renderer: "canvas" });
  drawn.setOption({ ...frame(), ...options, animation: false });
  const url = drawn.getDataURL({ pixelRatio: PICTURE_PIXELS, backgroundColor: colour("--page") });
  drawn.dispose();
  canvas.remove();
  return url;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function frame() {
  const text = colour("--text");
  return {
    animation: false,
    color: COLOURS,
    textStyle: { color: text, fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 16, top: 58, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, type: "scroll", textStyle: { color: text }, pageTextStyle: { color: text } },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: colour("--card"),
      borderColor: colour("--line"),
      textStyle: { color: text },
    },
  };
}

/** An axis in the page's colours. */
export const axis = (type, more = {}) => ({
  type,
  axisLabel: { color: colour("--quiet"), hideOverlap: true, ...more.axisLabel },
  axisLine: { lineStyle: { color: colour("--line") } },
  splitLine: { show: type === "value", lineStyle: { color: colour("--line") } },
  nameTextStyle: { color: colour("--quiet"), align: "left" },
  ...Object.fromEntries(Object.entries(more).filter(([name]) => name !== "axisLabel")),
});
