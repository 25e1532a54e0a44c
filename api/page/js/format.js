/** Times and numbers for people. */

import { choice } from "./place.js";

const HOUR = 3_600_000;

export const zone = () => choice("tz") || "UTC";

/** A time of the API in the chosen zone, as 2026-11-29 14:00; a dash where there is none. */
export function moment(text, hasTime = true) {
  if (!text) return "—";
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone(),
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    })
      .formatToParts(new Date(text))
      .map(({ type, value }) => [type, value]),
  );
  const day = `${parts.year}-${parts.month}-${parts.day}`;
  return hasTime ? `${day} ${parts.hour}:${parts.minute}` : day;
}

/** Milliseconds that place a time on a chart as the chosen zone's clocks show it. */
export const local = (text) => Date.parse(`${moment(text).replace(" ", "T")}Z`);

/** How long ago: 25 min, 1.5 h, 3 days. */
export function ago(text) {
  if (!text) return "—";
  const hours = (Date.now() - Date.parse(text)) / HOUR;
  if (hours < 1) return `${Math.max(0, Math.round(hours * 60))} min`;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${Math.round(hours / 24)} days`;
}

export const hoursSince = (text) => (Date.now() - Date.parse(text)) / HOUR;

export const earlier = (text, hours) => new Date(Date.parse(text) - hours * HOUR).toISOString();

export const count = (number) => number.toLocaleString("en-US");

export const percent = (share) => (share === null || share === undefined ? "—" : `${Math.round(share * 100)}%`);

export const decimal = (number, digits = 3) => (number === null || number === undefined ? "—" : number.toFixed(digits));

export const counted = (number, thing) => `${count(number)} ${thing}${number === 1 ? "" : "s"}`;
