/** Where one is: the page and its choices are the query of the address, so that a link shares the view. */

/** Choices that go along from page to page. */
const KEPT = ["tz"];

export const asked = () => new URLSearchParams(location.search);

/** A choice of the address; empty where it names none. */
export const choice = (name) => asked().get(name) ?? "";

/** The address of a page; choices that are empty are left out. */
export function address(page, choices = {}) {
  const query = new URLSearchParams(page === "live" ? {} : { page });
  const kept = Object.fromEntries(KEPT.map((name) => [name, choice(name)]));
  for (const [name, value] of Object.entries({ ...choices, ...kept })) {
    for (const one of [value].flat()) if (one) query.append(name, one);
  }
  return `?${query}`;
}

export function go(to) {
  history.pushState(null, "", to);
  dispatchEvent(new Event("moved"));
}

/** The address of this page with other choices. */
export function changed(changes) {
  const query = asked();
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const one of [value].flat()) if (one) query.append(name, one);
  }
  return `?${query}`;
}

/** Changes choices of this page. */
export const choose = (changes) => go(changed(changes));
