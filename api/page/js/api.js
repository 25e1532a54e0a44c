/** Asks the API; an answer that has not changed costs no transfer. */

const KEY = "trend_assets key";
const KEPT = 300;
const known = new Map();
let used = new Set();

/** The API did not answer, or with a problem; the message is for people. */
export class Problem extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** The key that this browser tab sends, where reading needs one. */
export const setKey = (key) => sessionStorage.setItem(KEY, key);

/** The answer to a question; parameters that are empty are not asked for. */
export async function get(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  const url = path.slice(1) + (query.size ? `?${query}` : "");
  used.add(url);
  return (await ask(url)).data;
}

/** As `get`; null where there is no such thing. */
export async function find(path, parameters) {
  try {
    return await get(path, parameters);
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}

/** Forgets which questions the page before asked. */
export const beginPage = () => {
  used = new Set();
};

/** Whether any answer on this page has changed since. */
export async function hasNews() {
  const before = [...used].map((url) => known.get(url)?.data);
  const now = await Promise.all(
    [...used].map((url) =>
      ask(url).then(
        (found) => found.data,
        () => undefined,
      ),
    ),
  );
  return now.some((data, index) => data !== before[index]);
}

async function ask(url) {
  const before = known.get(url);
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  if (before?.etag) headers["If-None-Match"] = before.etag;
  let answer = await sent(url, headers);
  if (answer.status === 503 && answer.headers.get("Retry-After") === "1") {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    answer = await sent(url, headers);
  }
  if (answer.status === 304) return before;
  const text = await answer.text();
  if (!answer.ok && !(url === "health" && answer.status === 503)) throw new Problem(words(text, answer), answer.status);
  if (before?.text === text) return before;
  const found = { etag: answer.headers.get("ETag"), text, data: url === "metrics" ? text : JSON.parse(text) };
  if (known.size >= KEPT) known.clear();
  known.set(url, found);
  return found;
}

async function sent(url, headers) {
  try {
    return await fetch(url, { headers, cache: "no-store" });
  } catch {
    throw new Problem("The API does not answer: start it with `trend up`.");
  }
}

function words(text, answer) {
  try {
    return `The API says: ${JSON.parse(text).detail}`;
  } catch {
    return `The API answered ${answer.status}.`;
  }
}
