// The form of one order: what is known, what is found, who was there; and, once it has ended, what the server holds of it.
import { begin, end, isMine, isOpen, Writer } from "./draft.js";
import { sha256 } from "./hash.js";
import { about, alert, button, card, el, fill, moment, show, words } from "./page.js";
import { Photos } from "./photos.js";
import { isTold, watch, where } from "./place.js";
import { problem, readingsSection } from "./readings.js";
import { recordCard } from "./records.js";
import { sealsSection } from "./seals.js";
import { signatureField } from "./signature.js";
import * as store from "./store.js";
import { sendAll } from "./upload.js";

const WRONG_CLOCK_SECONDS = 120;

export async function showForm(number, network) {
  const drafts = (await store.all("drafts")).filter((draft) => isMine(draft) && draft.order === number);
  const open = drafts.find(isOpen);
  const order = (await store.get("orders", [about.user.id, number])) || open?.sheet;
  if (open) return showDraft(open, network);
  if (!order && !drafts.length) return show(backLink(), alert("warning", words.unknown_order));
  return showBefore(number, order, drafts, network);
}

const backLink = () => el("p", {}, el("a", { href: about.urls.visits, class: "btn btn-outline-secondary" }, `‹ ${words.back}`));

function orderCard(order) {
  const { customer } = order;
  return el(
    "section",
    { class: "card" },
    el("div", { class: "card-body" },
      el("h1", {}, `${order.number} · ${order.place}`),
      el("dl", { class: "told" }, ...(customer ? [el("dt", {}, words.customer), el("dd", {}, `${customer.name} (${customer.number})`), el("dt", {}, words.address), el("dd", {}, customer.address)] : []), el("dt", {}, words.what), el("dd", {}, order.request)),
      ...order.findings.map((finding) => el("p", { class: "finding" }, finding)),
    ),
  );
}

// No record is open: those that ended, and the button that begins one.
async function showBefore(number, order, drafts, network) {
  const again = () => showForm(number, network);
  const cards = await Promise.all(drafts.map((draft) => recordCard(draft, again)));
  const start = async () => {
    watch();
    await begin(order, where());
    await again();
  };
  const text = drafts.length ? words.further : words.begin;
  show(backLink(), order && orderCard(order), ...cards, order && button(text, start, drafts.length ? "btn-outline-primary big" : "btn-primary big"));
}

function showDraft(data, network) {
  const trouble = el("div", {});
  const writer = new Writer(data, (error) => trouble.replaceChildren(error ? alert("danger", store.isFull(error) ? words.full : fill(words.not_kept, { reason: error.message })) : ""));
  const photos = new Photos(data, () => {});
  watch((place) => keepPlace(writer, place));
  show(
    backLink(), data.problem ? alert("danger", data.problem) : null, orderCard(data.sheet), trouble, beginCard(data), peopleCard(writer), photos.section(),
    readingsSection(writer), sealsSection(writer), loadCard(writer), signatureCard(writer, trouble),
    card(words.notes, labelled(writer, data, "notes", words.notes, "textarea")), endCard(writer, photos, network),
  );
}

function keepPlace(writer, place) {
  if (isTold(writer.data.place)) return;
  writer.data.place = place;
  writer.save();
  document.getElementById("place").replaceChildren(placeText(place));
}

const placeText = (place) => (isTold(place) ? fill(words.place_told, { latitude: place.latitude, longitude: place.longitude, accuracy: place.accuracy_m }) : words.place_untold);

function beginCard(data) {
  const offset = data.clock_offset_seconds;
  const wrong = Math.abs(offset) > WRONG_CLOCK_SECONDS && alert("warning", fill(words.clock_wrong, { minutes: Math.round(offset / 60) }));
  const begun = moment(new Date(data.begun_told).getTime() + offset * 1000);
  return el("section", { class: "card" }, el("div", { class: "card-body" }, el("p", { class: "m-0" }, fill(words.begun, { time: begun }), " · ", el("span", { id: "place" }, placeText(data.place))), wrong || null));
}

export function labelled(writer, object, name, label, tag = "input", more = {}) {
  const id = `field-${name}`;
  const field = el(tag, { id, class: "form-control", autocomplete: "off", ...(tag === "input" ? { value: object[name] } : { rows: 3 }), ...more });
  if (tag === "textarea") field.value = object[name];
  field.addEventListener("input", () => { object[name] = field.value; writer.save(); });
  return el("div", { class: "field" }, el("label", { for: id }, label), field);
}

function peopleCard(writer) {
  const { data } = writer;
  const choice = el("select", { id: "second", class: "form-select", onchange: () => { data.second_inspector = choice.value; writer.save(); } },
    el("option", { value: "" }, `— ${words.choose} —`), ...data.sheet.inspectors.map((one) => el("option", { value: one.id, selected: String(one.id) === String(data.second_inspector) }, one.name)));
  return card(words.inspectors, el("p", {}, `1. ${data.user_name}`), el("div", { class: "field" }, el("label", { for: "second" }, `2. ${words.second}`), choice),
    el("h3", {}, words.met), labelled(writer, data, "met_name", words.met_name), labelled(writer, data, "met_role", words.met_role));
}

function loadCard(writer) {
  const { data } = writer;
  const names = [["voltage_v", words.voltage], ["current_a", words.current], ["power_kw", words.power]];
  const cell = (phase, label, [name, unit]) => {
    const told = (data.loads[phase] ??= {});
    return el("input", { class: "form-control", inputmode: "decimal", autocomplete: "off", "aria-label": `${label} ${unit}`, placeholder: unit, value: told[name] ?? "", oninput: (event) => { told[name] = event.target.value; writer.save(); } });
  };
  const rows = Object.entries(about.choices.phase).map(([phase, label]) => el("div", { class: "load" }, el("span", {}, label), ...names.map((name) => cell(phase, label, name))));
  return card(words.load, ...rows);
}

function signatureCard(writer, trouble) {
  const { data } = writer;
  const place = el("div", {});
  const draw = () => place.replaceChildren(...(data.signature === "signed" ? signing(writer, trouble) : [labelled(writer, data, "refusal_reason", words.refusal_reason), labelled(writer, data, "witness", words.witness)]));
  const choice = (code, label) => {
    const input = el("input", { type: "radio", class: "btn-check", name: "signature", id: `signature-${code}`, checked: data.signature === code, onchange: () => { data.signature = code; writer.save(); draw(); } });
    return [input, el("label", { class: "btn btn-outline-primary", for: input.id }, label)];
  };
  draw();
  return card(words.signature, el("div", { class: "choices", role: "group", "aria-label": words.signature }, ...choice("signed", words.signs), ...choice("refused", words.refuses)), place);
}

function signing(writer, trouble) {
  const state = el("p", { class: "muted", role: "status" }, words.sign_here);
  const keep = (blob) => keepSignature(writer.data, blob).then(() => state.replaceChildren("✓ ", el("code", {}, words.signature)), (error) => trouble.replaceChildren(alert("danger", store.isFull(error) ? words.full : error.message)));
  const field = signatureField(words.sign_here, keep);
  store.filesOf(writer.data.uuid).then((files) => redraw(field.canvas, files.find((file) => file.kind === "signature"), state));
  const clear = () => { field.clear(); dropSignature(writer.data).then(() => state.replaceChildren(words.sign_here)); };
  return [field.canvas, state, button(words.clear, clear, "btn-outline-secondary btn-sm")];
}

async function redraw(canvas, file, state) {
  if (!file) return;
  const picture = await createImageBitmap(file.blob);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  state.replaceChildren("✓ ", el("code", {}, words.signature));
}

async function dropSignature(data) {
  for (const file of (await store.filesOf(data.uuid)).filter((one) => one.kind === "signature")) await store.drop("files", [file.uuid, file.sha256]);
}

async function keepSignature(data, blob) {
  const file = {
    uuid: data.uuid, sha256: await sha256(blob), size_bytes: blob.size, kind: "signature", name: "signature.png", taken_told: new Date().toISOString(),
    place: where(), at: Date.now(), blob, receipt: null, problem: "",
  };
  await dropSignature(data);
  await store.put("files", file);
}

// Everything that the server would refuse is asked for here, where it can still be had.
async function missing(data, photos) {
  const files = await store.filesOf(data.uuid);
  const isSigned = data.signature === "signed";
  const isFilled = (text) => Boolean(String(text).trim());
  const number = (text) => !isFilled(text) || /^-?\d{1,9}(\.\d{1,3})?$/.test(String(text).trim());
  const others = data.others.every((other) => !isFilled(other.value) || (isFilled(other.meter_id) && !problem({ digits: null }, other.value)));
  const readings = data.sheet.registers.every((register, place) => !problem(register, data.readings[place] ?? ""));
  const loads = Object.values(data.loads).every((load) => Object.values(load).every(number));
  return [
    !isFilled(data.second_inspector) && words.need_second,
    !isFilled(data.met_name) && words.need_met,
    !files.some((file) => file.kind !== "signature") && words.need_photo,
    (isSigned ? !files.some((file) => file.kind === "signature") : !(isFilled(data.refusal_reason) && isFilled(data.witness))) && words.need_signature,
    photos.unkept.length > 0 && words.need_kept,
    !(readings && others && loads) && words.need_numbers,
  ].filter(Boolean);
}

function endCard(writer, photos, network) {
  const told = el("div", {});
  const finish = async () => {
    await writer.done;
    const lacking = await missing(writer.data, photos);
    if (lacking.length) return told.replaceChildren(alert("warning", el("p", { class: "m-0" }, words.still_missing), el("ul", { class: "m-0" }, ...lacking.map((one) => el("li", {}, one)))));
    try {
      await end(writer.data);
    } catch (error) {
      writer.data.state = "draft";
      return told.replaceChildren(alert("danger", store.isFull(error) ? words.full : fill(words.not_kept, { reason: error.message })));
    }
    await showForm(writer.data.order, network);
    window.scrollTo(0, 0);
    network.told(await sendAll(() => showForm(writer.data.order, network)));
    return showForm(writer.data.order, network);
  };
  return el("section", { class: "end" }, told, button(words.end, finish, "btn-primary big", { id: "end" }), el("p", { class: "muted" }, words.end_more));
}
