// The seals that should hang there, each with how it was found, and those that hang there beside them.
import { about, alert, button, card, el, words } from "./page.js";
import { canScan, scanned } from "./scan.js";

const PLACES = ["meter_cover", "terminal_cover", "box", "ct_terminal"];

export function sealsSection(writer) {
  const rows = el("div", {});
  const draw = () => rows.replaceChildren(...writer.data.seals.map((seal, place) => row(writer, seal, place, draw)));
  draw();
  const add = () => { writer.data.seals.push({ seal_no: "", place: "", state: "", way: "typed", is_on_record: false }); writer.save(); draw(); };
  return card(words.seals, rows, button(words.add_seal, add, "btn-outline-secondary"));
}

function row(writer, seal, place, draw) {
  const number = seal.is_on_record
    ? el("p", { class: "seal-no" }, el("b", {}, seal.seal_no), " ", el("span", { class: "muted" }, [words.on_record, about.choices.code[seal.place]].filter(Boolean).join(" · ")))
    : numberField(writer, seal, place, draw);
  return el("fieldset", { class: "seal" }, el("legend", { class: "visually-hidden" }, `${words.seals} ${place + 1}`), number, seal.is_on_record ? null : placeField(writer, seal, place), states(writer, seal, place));
}

function states(writer, seal, place) {
  const choice = ([code, label]) => {
    const id = `seal-${place}-${code}`;
    const input = el("input", { type: "radio", class: "btn-check", name: `seal-${place}`, id, checked: seal.state === code, onchange: () => { seal.state = code; writer.save(); } });
    return [input, el("label", { class: "btn btn-outline-primary", for: id }, label)];
  };
  return el("div", { class: "choices", role: "group", "aria-label": words.seal_state }, ...Object.entries(about.choices.seal_state).flatMap(choice));
}

function numberField(writer, seal, place, draw) {
  const id = `seal-no-${place}`;
  const note = el("div", {});
  const input = el("input", { id, class: "form-control", autocomplete: "off", value: seal.seal_no, oninput: () => { seal.seal_no = input.value; seal.way = "typed"; writer.save(); } });
  const remove = () => { writer.data.seals.splice(place, 1); writer.save(); draw(); };
  return el("div", {}, el("label", { for: id }, words.seal_no), input, canScan() ? scanner(writer, seal, place, input, note) : null, note, button(words.remove, remove, "btn-ghost-danger btn-sm"));
}

function scanner(writer, seal, place, input, note) {
  const camera = el("input", {
    type: "file", accept: "image/*", capture: "environment", id: `scan-${place}`, class: "visually-hidden", "aria-label": words.scan,
    onchange: async () => {
      const found = camera.files[0] ? await scanned(camera.files[0]).catch(() => null) : null;
      camera.value = "";
      note.replaceChildren(found ? "" : alert("warning", words.nothing_read));
      if (!found) return;
      Object.assign(seal, { seal_no: found, way: "scanned" });
      input.value = found;
      writer.save();
    },
  });
  return el("label", { class: "btn btn-outline-primary", for: camera.id }, camera, words.scan);
}

function placeField(writer, seal, place) {
  const id = `seal-place-${place}`;
  const choice = el("select", { id, class: "form-select", onchange: () => { seal.place = choice.value; writer.save(); } }, el("option", { value: "" }, "—"), ...PLACES.map((code) => el("option", { value: code, selected: seal.place === code }, about.choices.code[code])));
  return el("div", {}, el("label", { for: id }, words.seal_place), choice);
}
