/** Takes what is shown along: as CSV, as a picture, as a link. */

import { h } from "./dom.js";

const FORMULA = /^[=+\-@\t\r]/;

export function save(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

/** CSV as RFC 4180 has it; a text that a spreadsheet would take for a formula is marked as text. */
export function csv(columns, rows) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Buttons: `rows` gives [columns, rows] for a CSV, `picture` a data URL of a PNG. */
export function exports({ name, rows, picture }) {
  const link = h("button", { type: "button", onclick: () => copy(link) }, "Copy link");
  return h(
    "div",
    { class: "exports" },
    rows && h("button", { type: "button", onclick: () => save(`${name}.csv`, csv(...rows()), "text/csv") }, "CSV"),
    picture &&
      h(
        "button",
        { type: "button", onclick: async () => h("a", { href: await picture(), download: `${name}.png` }).click() },
        "PNG",
      ),
    link,
  );
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Copy it from the address bar";
  }
}
