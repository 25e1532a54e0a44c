/** How right forecasts were. */

import { get } from "./api.js";

/** The accuracy of live forecasts; where none has come due, of those of which most have. */
export async function measured(label, horizon) {
  const found = await get("/accuracy", { label, horizon });
  const kinds = Object.entries(found.scored).sort((one, other) => other[1] - one[1]);
  return found.overall.length || !kinds.length ? found : get("/accuracy", { label, horizon, made: kinds[0][0] });
}
