// A record on its way: begun, changed with every key stroke, ended, sent. It takes the order's sheet along, so that it needs nothing else.
import { about } from "./page.js";
import * as store from "./store.js";

export const isMine = (draft) => draft.user === about.user.id;
export const isOpen = (draft) => draft.state === "draft";

export async function begin(order, place) {
  const data = {
    uuid: crypto.randomUUID(), user: about.user.id, user_name: about.user.name, order: order.order, number: order.number, sheet: order,
    base: order.base, device: await store.device(), state: "draft", begun_told: new Date().toISOString(), place,
    clock_offset_seconds: (await store.setting("clock_offset_seconds")) ?? 0, second_inspector: "", met_name: "", met_role: "",
    signature: "signed", refusal_reason: "", witness: "", notes: "", readings: {}, others: [], loads: {},
    seals: order.seals.map((seal) => ({ seal_no: seal.seal_no, place: seal.place, state: "", way: "record", is_on_record: true })),
  };
  await store.put("drafts", data);
  return data;
}

// Writes one after the other; what could not be written is told and is written with the next change.
export class Writer {
  constructor(data, trouble) {
    this.data = data;
    this.trouble = trouble;
    this.done = Promise.resolve();
  }

  save() {
    this.done = this.done.then(() => store.put("drafts", structuredClone(this.data))).then(() => this.trouble(null), (error) => this.trouble(error));
    return this.done;
  }
}

const filled = (text) => String(text ?? "").trim();

function readings(data) {
  const known = data.sheet.registers.map((register, place) => ({
    mp_id: register.mp_id, meter_id: register.meter_id, register: register.register, value: filled(data.readings[place]),
  }));
  const others = data.others.map((other) => ({ mp_id: "", meter_id: filled(other.meter_id), register: other.register, value: filled(other.value) }));
  return [...known, ...others].filter((reading) => reading.value);
}

function loads(data) {
  return Object.entries(data.loads)
    .map(([phase, told]) => ({ phase, ...Object.fromEntries(Object.entries(told).filter(([, value]) => filled(value)).map(([name, value]) => [name, filled(value)])) }))
    .filter((load) => Object.keys(load).length > 1);
}

// The text that is sent; it is made once, when the visit ends, so that sending it again sends the same.
export function record(data, files) {
  const isSigned = data.signature === "signed";
  return JSON.stringify({
    uuid: data.uuid, order: data.order, device: data.device, base: data.base, inspector: data.user, second_inspector: Number(data.second_inspector),
    begun_told: data.begun_told, ended_told: data.ended_told, clock_offset_seconds: data.clock_offset_seconds, place: data.place,
    met_name: filled(data.met_name), met_role: filled(data.met_role), signature: data.signature, notes: filled(data.notes),
    refusal_reason: isSigned ? "" : filled(data.refusal_reason), witness: isSigned ? "" : filled(data.witness),
    readings: readings(data), loads: loads(data),
    seals: data.seals.filter((seal) => seal.state && filled(seal.seal_no)).map((seal) => ({ seal_no: filled(seal.seal_no), place: seal.place, state: seal.state, way: seal.way })),
    files: announced(data, files).map((file) => ({ sha256: file.sha256, size_bytes: file.size_bytes, kind: file.kind, taken_told: file.taken_told, place: file.place })),
  });
}

// A signature that was drawn before the customer refused is no part of the record.
export const announced = (data, files) => files.filter((file) => file.kind !== "signature" || data.signature === "signed");

export async function end(data) {
  data.ended_told = new Date().toISOString();
  data.clock_offset_seconds = (await store.setting("clock_offset_seconds")) ?? data.clock_offset_seconds;
  const files = await store.filesOf(data.uuid);
  for (const file of files.filter((one) => !announced(data, [one]).length)) await store.drop("files", [file.uuid, file.sha256]);
  data.content = record(data, files);
  data.state = "ended";
  data.problem = "";
  await store.put("drafts", data);
}

// When the server holds everything, the phone keeps the receipts and forgets what was recorded.
export async function forget(data) {
  const { uuid, user, user_name, order, number, ended_told, answer } = data;
  await store.put("drafts", { uuid, user, user_name, order, number, ended_told, answer, state: "done" });
}
