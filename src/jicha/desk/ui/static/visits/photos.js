// Photos of a visit: hashed and kept as the camera made them, shown small with a stamp. What cannot be kept is not let go.
import { sha256 } from "./hash.js";
import { about, alert, button, card, el, fill, moment, words } from "./page.js";
import { isTold, where } from "./place.js";
import { stamped } from "./stamp.js";
import * as store from "./store.js";

export class Photos {
  // `changed` is called after the kept photos changed.
  constructor(data, changed) {
    this.data = data;
    this.changed = changed;
    this.unkept = []; // photos that the phone had no room for, held by this page until they are kept or saved elsewhere
    this.troubles = el("div", {});
    this.grids = new Map();
  }

  section() {
    const kinds = Object.entries(about.choices.photo).filter(([kind]) => kind !== "signature");
    const rows = kinds.map(([kind, label]) => {
      const grid = el("div", { class: "photos" });
      this.grids.set(kind, grid);
      return el("div", { class: "kind" }, el("h3", {}, label), this.taker(kind, label), grid);
    });
    this.draw();
    return card(words.photos, this.troubles, ...rows);
  }

  taker(kind, label) {
    const input = el("input", {
      type: "file", accept: "image/jpeg,image/png,image/webp", capture: "environment", multiple: true, id: `photo-${kind}`, class: "visually-hidden",
      "aria-label": `${words.take_photo}: ${label}`,
      onchange: async () => {
        const files = [...input.files];
        for (const file of files) await this.take(kind, file);
        input.value = "";
      },
    });
    return el("label", { class: "btn btn-outline-primary", for: input.id }, input, `+ ${words.take_photo}`);
  }

  async take(kind, blob, name = blob.name) {
    if (blob.size > about.most_bytes) return this.trouble(fill(words.too_large, { most: about.most_bytes / 1024 / 1024 }), blob, name);
    const file = {
      uuid: this.data.uuid, sha256: await sha256(blob), size_bytes: blob.size, kind, name: name || `${kind}.jpg`, taken_told: new Date().toISOString(),
      place: where(), at: Date.now(), blob, receipt: null, problem: "",
    };
    if (await store.get("files", [file.uuid, file.sha256])) return this.trouble(words.same_photo);
    return this.keep(file);
  }

  async keep(file) {
    try {
      await store.put("files", file);
      this.unkept = this.unkept.filter((one) => one !== file);
    } catch (error) {
      if (!this.unkept.includes(file)) this.unkept.push(file);
      this.showUnkept(store.isFull(error) ? words.full : fill(words.not_kept, { reason: error.message }));
      return false;
    }
    if (this.unkept.length) this.showUnkept(words.full);
    else this.troubles.replaceChildren();
    await this.draw();
    this.changed();
    return true;
  }

  showUnkept(text) {
    const rows = this.unkept.map((file) =>
      el("p", {}, `${about.choices.photo[file.kind]} · ${file.name} `, button(words.try_again, () => this.keep(file)), " ", saver(file.blob, file.name)),
    );
    this.troubles.replaceChildren(alert("danger", el("p", {}, text), ...rows));
  }

  trouble(text, blob = null, name = "") {
    this.troubles.replaceChildren(alert("warning", el("p", {}, text), blob ? saver(blob, name) : null));
    return false;
  }

  async draw() {
    const files = await store.filesOf(this.data.uuid);
    for (const [kind, grid] of this.grids) grid.replaceChildren(...(await Promise.all(files.filter((file) => file.kind === kind).map((file) => this.figure(file)))));
  }

  async figure(file) {
    const at = new Date(new Date(file.taken_told).getTime() + this.data.clock_offset_seconds * 1000);
    const place = isTold(file.place) ? `${file.place.latitude}, ${file.place.longitude}` : words.place_untold;
    const picture = await stamped(file.blob, [`${moment(at)} · ${this.data.number}`, place]).catch(() => el("p", { class: "muted" }, words.no_picture));
    const remove = button(words.remove, () => store.drop("files", [file.uuid, file.sha256]).then(() => this.draw()).then(this.changed), "btn-ghost-danger btn-sm");
    return el("figure", {}, picture, el("figcaption", {}, el("code", {}, file.sha256.slice(0, 12)), " ", remove));
  }
}

// Offer a file to the phone's own storage, so that it is not lost with the page.
export function saver(blob, name) {
  const link = el("a", { class: "btn btn-outline-secondary", download: name, href: "#" }, words.save_copy);
  link.addEventListener("click", () => {
    link.href = URL.createObjectURL(blob);
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });
  return link;
}
