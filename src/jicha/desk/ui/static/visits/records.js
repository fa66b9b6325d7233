// A record that has ended: whether the server holds it, and of each file its receipt or why there is none.
import { about, alert, button, el, fill, moment, words } from "./page.js";
import { saver } from "./photos.js";
import * as store from "./store.js";

const TONES = { ended: "orange", received: "azure", done: "green", draft: "cyan" };

export function stateOf(draft) {
  if (draft.state === "draft") return words.in_progress;
  if (draft.state === "ended") return words.waiting;
  return draft.answer.state === "rival" ? words.rival : words.received;
}

export async function recordCard(draft, again) {
  const files = await store.filesOf(draft.uuid);
  const title = `${draft.number}${draft.answer ? `-${draft.answer.number}` : ""}`;
  const correct = async () => {
    Object.assign(draft, { state: "draft", content: "" });
    await store.put("drafts", draft);
    await again();
  };
  return el("section", { class: "card record", "data-state": draft.state },
    el("div", { class: "card-header" }, el("h2", {}, title), el("span", { class: `badge plain tone-${TONES[draft.state]}` }, stateOf(draft))),
    el("div", { class: "card-body" },
      draft.state === "ended" && el("p", {}, words.ended),
      draft.problem && alert("danger", el("p", {}, fill(words.failed, { reason: draft.problem })), draft.isToBeCorrected ? button(words.correct, correct, "btn-outline-danger") : saver(new Blob([draft.content], { type: "application/json" }), `${draft.number}.json`)),
      el("ul", { class: "receipts" }, ...files.map(fileRow)),
      draft.answer && el("p", { class: "m-0" }, el("a", { href: `/orders/${draft.order}/` }, words.to_order))));
}

function fileRow(file) {
  const size = `${Math.max(1, Math.round(file.size_bytes / 1024))} KB`;
  const told = file.receipt ? fill(words.receipt, { number: file.receipt.number, time: moment(file.receipt.at) }) : file.problem ? fill(words.failed, { reason: file.problem }) : words.wait_file;
  return el("li", { class: file.receipt ? "has-receipt" : "", "data-sha256": file.sha256 },
    el("span", { class: "tick-mark", "aria-hidden": "true" }, file.receipt ? "✓" : file.problem ? "!" : "…"),
    el("span", {}, el("b", {}, about.choices.photo[file.kind]), " ", el("code", {}, file.sha256.slice(0, 12)), ` ${size}`, el("br"), el("span", { class: "muted" }, told), file.problem && file.blob ? saver(file.blob, file.name) : null));
}
