// The registers of the meters on the records, with what they showed last, and those of meters that nobody expected.
import { about, button, card, day, el, fill, words } from "./page.js";
import { isReading, step, wholeDigits } from "./registers.js";

const RISKY = new Set(["doubted", "backward"]);

export function readingsSection(writer) {
  const { data } = writer;
  const meters = new Map();
  data.sheet.registers.forEach((register, place) => {
    const key = `${register.mp_id}/${register.meter_id}`;
    if (!meters.has(key)) meters.set(key, []);
    meters.get(key).push([register, place]);
  });
  const others = el("div", {});
  const drawOthers = () => others.replaceChildren(...data.others.map((other, place) => otherMeter(writer, other, () => { data.others.splice(place, 1); writer.save(); drawOthers(); })));
  drawOthers();
  const add = () => { data.others.push({ meter_id: "", register: "total", value: "" }); writer.save(); drawOthers(); };
  return card(words.readings, ...[...meters.values()].map((rows) => meter(writer, rows)), others, button(words.other_meter, add, "btn-outline-secondary"));
}

function meter(writer, rows) {
  const [first] = rows[0];
  const facts = [first.usage, first.digits !== null && fill(words.digits, { count: first.digits }), fill(words.times, { multiplier: trimmed(first.multiplier) })];
  return el("fieldset", {}, el("legend", {}, `${words.meter} ${first.meter_id}`), el("p", { class: "muted" }, facts.filter(Boolean).join(" · ")), ...rows.map(([register, place]) => registerRow(writer, register, place)));
}

const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

function registerRow(writer, register, place) {
  const { data } = writer;
  const id = `reading-${place}`;
  const hint = el("p", { class: "hint", id: `${id}-hint`, role: "status" });
  const last = register.previous_value === null ? words.no_last : fill(words.last, { value: register.previous_value, day: day(register.previous_at) });
  const input = el("input", { id, class: "form-control", inputmode: "decimal", autocomplete: "off", "aria-describedby": hint.id, value: data.readings[place] ?? "" });
  const tell = () => showHint(hint, register, input.value, data);
  input.addEventListener("input", () => { data.readings[place] = input.value; tell(); writer.save(); });
  tell();
  return el("div", { class: "register" }, el("label", { for: id }, about.choices.code[register.register] || register.register, el("span", { class: "muted" }, ` ${last}`)), input, hint);
}

function showHint(hint, register, text, data) {
  const told = problem(register, text) || told_step(register, text, data);
  hint.textContent = told?.text || "";
  hint.classList.toggle("risky", Boolean(told?.isRisky));
}

export function problem(register, text) {
  if (!text.trim()) return null;
  if (!isReading(text)) return { text: words.not_number, isRisky: true };
  if (register.digits && wholeDigits(text) > register.digits) return { text: fill(words.too_many_digits, { count: register.digits }), isRisky: true };
  return null;
}

function told_step(register, text, data) {
  const now = Date.now() + data.clock_offset_seconds * 1000;
  const found = step(register, text, data.sheet.most_kwh_an_hour ?? null, now);
  return found && { text: fill(words[found.hint], { kwh: found.kwh }), isRisky: RISKY.has(found.hint) };
}

function otherMeter(writer, other, remove) {
  const field = (name, label, more = {}) => {
    const id = `other-${name}-${writer.data.others.indexOf(other)}`;
    return el("div", {}, el("label", { for: id }, label), el("input", { id, class: "form-control", autocomplete: "off", value: other[name], oninput: (event) => { other[name] = event.target.value; writer.save(); }, ...more }));
  };
  const id = `other-register-${writer.data.others.indexOf(other)}`;
  const codes = ["total", "sharp", "peak", "flat", "valley", "deep_valley", "reactive", "reverse"];
  const choice = el("select", { id, class: "form-select", onchange: (event) => { other.register = event.target.value; writer.save(); } }, ...codes.map((code) => el("option", { value: code, selected: other.register === code }, about.choices.code[code])));
  return el("fieldset", { class: "row-of-fields" }, el("legend", {}, words.other_meter), field("meter_id", words.meter_no), el("div", {}, el("label", { for: id }, words.register), choice), field("value", words.value, { inputmode: "decimal" }), button(words.remove, remove, "btn-ghost-danger btn-sm"));
}
