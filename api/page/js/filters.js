/** Filters; each is a choice of the address. */

import { h } from "./dom.js";
import { choice, choose } from "./place.js";

/** A list of choices; the first is the default, which the address leaves out. */
export function select(name, title, choices, help) {
  const now = choice(name);
  // What the address names stays a choice where nothing ever came of it: the page then says so.
  const all = choices.some((one) => one.name === now) || !now ? choices : [...choices, { name: now, title: now }];
  return h(
    "label",
    { title: help },
    title,
    h(
      "select",
      {
        id: `choose-${name}`,
        onchange: (event) => choose({ [name]: event.target.value === choices[0].name ? "" : event.target.value }),
      },
      all.map((one) => h("option", { value: one.name, selected: one.name === (now || choices[0].name) }, one.title)),
    ),
  );
}

/** The same with a first choice that leaves everything in; nothing where there is no other. */
export const narrowing = (name, title, all, choices) =>
  choices.length || choice(name) ? select(name, title, [{ name: "", title: all }, ...choices]) : null;

/** A moment in UTC, whole minutes. */
export const momentChoice = (name, title, help) =>
  h(
    "label",
    { title: help },
    title,
    h("input", {
      id: `choose-${name}`,
      type: "datetime-local",
      value: choice(name).slice(0, "2026-02-02T12:00".length),
      onchange: ({ target }) => choose({ [name]: target.value && `${target.value}Z` }),
    }),
  );

export const toggle = (name, title, help) =>
  h(
    "label",
    { class: "toggle", title: help },
    h("input", {
      id: `choose-${name}`,
      type: "checkbox",
      checked: choice(name) === "true",
      onchange: (event) => choose({ [name]: event.target.checked ? "true" : "" }),
    }),
    title,
  );

/** What is forecast. Further horizons than the main one, which the address leaves out, have forecasts of growth alone. */
export const chosenLabel = () => (!choice("horizon") && choice("label")) || "emerges";

export const labelChoice = (title, choices) => (choice("horizon") ? null : select("label", title, choices));

/** How far ahead, as `/predictions/horizons` lists it; nothing where there is one horizon. */
export const horizonChoice = (horizons) =>
  horizons.length > 1
    ? select(
        "horizon",
        "How far ahead",
        horizons.map((one) => ({ name: String(one.horizon_hours), title: one.title })),
      )
    : null;

/** What the chosen forecast needs to come true, in a sentence; nothing where that is not known. */
export function comesTrue(horizons, label) {
  const chosen = horizons.find((one) => String(one.horizon_hours) === choice("horizon")) ?? horizons[0];
  const needed = chosen?.comes_true[label];
  return needed ? `To come true it needs ${needed}.` : "";
}

export const daysChoice = (days) =>
  select(
    "days",
    "Days back",
    days.map((number) => ({ name: String(number), title: String(number) })),
  );
