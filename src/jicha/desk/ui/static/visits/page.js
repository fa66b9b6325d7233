// What the server told the page, the words in the reader's language, and how elements are made: by code, never from text.
export const about = JSON.parse(document.getElementById("about").textContent);
export const words = about.words;

// Put values into a text with places such as %(name)s.
export const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function show(...children) {
  document.getElementById("page").replaceChildren(...children.flat().filter(Boolean));
}

export const moment = (time) => new Intl.DateTimeFormat(about.language === "en" ? "en-CA" : "zh-CN", { dateStyle: "short", timeStyle: "medium", hour12: false }).format(new Date(time));
export const day = (time) => (time ? String(time).slice(0, 10) : "");

export function alert(kind, ...children) {
  return el("div", { class: `alert alert-${kind}`, role: kind === "danger" ? "alert" : "status" }, ...children);
}

export function button(text, act, kind = "btn-primary", more = {}) {
  return el("button", { type: "button", class: `btn ${kind}`, onclick: act, ...more }, text);
}

export function card(title, ...children) {
  return el("section", { class: "card" }, el("div", { class: "card-header" }, el("h2", {}, title)), el("div", { class: "card-body" }, ...children));
}
