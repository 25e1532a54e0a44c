/** Builds elements. Texts become text nodes: what people posted is never read as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** An element; attributes that are null or false are left out, `on…` are listeners. */
export const h = (tag, attributes, ...children) => made(document.createElement(tag), attributes, children);

/** An element of a drawing. */
export const svg = (tag, attributes, ...children) => made(document.createElementNS(SVG, tag), attributes, children);

function made(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A link that opens beside the page. */
export const outside = (href, ...children) =>
  h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);

/** A sentence in a box: `kind` is info, good or warning; what stands in backquotes is to be typed. */
export const note = (text, kind = "info") =>
  h(
    "p",
    { class: `note ${kind}` },
    sentence(text)
      .split("`")
      .map((part, index) => (index % 2 ? h("code", null, part) : part)),
  );

/** An empty place says why, and what to do. */
export const nothing = (reason) => note(reason ?? "nothing is here yet.");

/** With a capital letter, unless it begins with the name of a file. */
export const sentence = (text) => (/^\S*[/._]\S/.test(text) ? text : text.slice(0, 1).toUpperCase() + text.slice(1));

/** What is long, closed until somebody opens it; by its id it stays open when the page is drawn anew. */
export const folded = (id, title, ...content) => h("details", { id }, h("summary", null, title), ...content);

/**
 * A table.
 * @param caption read out before it, and shown where `shown`.
 * @param columns [title, kind] of each: kind is number, name, wide (left out on phones), long (its row is stacked there) or "".
 * @param rows cells as texts or elements.
 */
export function table(caption, columns, rows) {
  const cell = (tag, more) => (content, index) => h(tag, { class: columns[index][1] || null, ...more }, content ?? "—");
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      { "aria-label": caption },
      h("thead", null, h("tr", null, columns.map(([title]) => title).map(cell("th", { scope: "col" })))),
      h(
        "tbody",
        null,
        rows.map((row) => h("tr", null, row.map(cell("td")))),
      ),
    ),
  );
}

/** A figure under its name, with a line that explains it. */
export const figure = (name, value, help) =>
  h(
    "div",
    { class: "figure" },
    h("dt", null, name),
    h("dd", null, h("b", null, value), help && h("small", null, help)),
  );

/** Figures side by side. */
export const strip = (...figures) => h("dl", { class: "strip" }, figures);

/** Shares (0 to 1) as bars: [name, share, whether it is marked] of each. */
export const bars = (caption, rows, told) =>
  table(
    caption,
    [
      ["Ranked by", "name"],
      ["0 to 1", "drawn"],
      ["Figure", "number"],
    ],
    rows.map(([name, share, isMarked]) => [
      name,
      h(
        "span",
        { class: `meter ${isMarked ? "marked" : ""}`, "aria-hidden": "true" },
        h("i", { style: `width:${100 * share}%` }),
      ),
      told(share),
    ]),
  );
