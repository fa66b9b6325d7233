// Sends what was recorded: the record first, which announces the files by their hash, then each file until it has its receipt.
import { forget, isMine } from "./draft.js";
import { sha256 } from "./hash.js";
import { NoNetwork, post, Refused, SignInNeeded } from "./network.js";
import { about, words } from "./page.js";
import * as store from "./store.js";

const AGAIN_MS = 30000;
const RECEIPTS_DAYS = 30;
let again = null;

// Return what stopped it: null, NoNetwork or SignInNeeded. One page at a time sends; `told` is called after each step.
export function sendAll(told = () => {}) {
  return navigator.locks.request("jicha-visits-send", async () => {
    clearTimeout(again);
    try {
      for (const draft of (await store.all("drafts")).filter((one) => isMine(one) && ["ended", "received"].includes(one.state))) {
        await sendOne(draft, told);
      }
      return null;
    } catch (error) {
      if (error instanceof NoNetwork) again = setTimeout(() => sendAll(told).then(told), AGAIN_MS);
      if (error instanceof NoNetwork || error instanceof SignInNeeded) return error;
      throw error;
    }
  });
}

async function sendOne(draft, told) {
  if (draft.state === "ended" && !(await sendRecord(draft))) return told();
  told();
  for (const file of (await store.filesOf(draft.uuid)).filter((one) => !one.receipt)) {
    await sendFile(draft, file);
    told();
  }
  if ((await store.filesOf(draft.uuid)).every((file) => file.receipt)) await forget(draft);
  return told();
}

// A refusal is kept beside the record: it can be corrected; anything else stops the sending.
async function sendRecord(draft) {
  try {
    const answer = await post(`${about.urls.visits}${draft.order}/record/`, draft.content);
    draft.answer = { number: answer.number, state: answer.state, visits: answer.visits, received_at: answer.received_at };
    Object.assign(draft, { state: "received", problem: "" });
    for (const receipt of answer.receipts) await note(draft.uuid, receipt);
    await knowOf(draft, answer.visits);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    draft.problem = error.message;
    draft.isToBeCorrected = error.status === 422;
  }
  await store.put("drafts", draft);
  return draft.state === "received";
}

// The order on this phone now knows of this visit: a further one is no conflict with it.
async function knowOf(draft, visits) {
  const order = await store.get("orders", [draft.user, draft.order]);
  if (order) await store.put("orders", { ...order, base: visits });
}

async function sendFile(draft, file) {
  if (!file.blob || (await sha256(file.blob)) !== file.sha256) {
    await store.put("files", { ...file, problem: words.damaged });
    return;
  }
  const form = new FormData();
  form.append("uuid", draft.uuid);
  form.append("sha256", file.sha256);
  form.append("file", file.blob, file.name);
  try {
    await note(draft.uuid, await post(`${about.urls.visits}${draft.order}/files/`, form));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await store.put("files", { ...file, problem: error.message });
  }
}

// The server has these bytes on its disk: the receipt stays on the phone, the bytes go.
async function note(uuid, receipt) {
  const file = await store.get("files", [uuid, receipt.sha256]);
  if (file) await store.put("files", { ...file, blob: null, problem: "", receipt: { number: receipt.evidence, at: receipt.received_at } });
}

// Return what the server does not hold yet, of this person and of others.
export async function waiting() {
  const drafts = (await store.all("drafts")).filter((draft) => draft.state !== "done");
  const files = (await store.all("files")).filter((file) => !file.receipt);
  const mine = drafts.filter(isMine);
  const owned = new Set(mine.map((draft) => draft.uuid));
  return {
    records: mine.filter((draft) => draft.state !== "received").length,
    files: files.filter((file) => owned.has(file.uuid)).length,
    others: [...new Set(drafts.filter((draft) => !isMine(draft)).map((draft) => draft.user_name))],
    isAny: mine.length > 0,
  };
}

// Receipts of long ago go; whoever wants them finds them on the page of the order.
export async function dropOldReceipts() {
  const oldest = Date.now() - RECEIPTS_DAYS * 24 * 3600 * 1000;
  for (const draft of (await store.all("drafts")).filter((one) => one.state === "done" && new Date(one.ended_told).getTime() < oldest)) {
    for (const file of await store.filesOf(draft.uuid)) await store.drop("files", [file.uuid, file.sha256]);
    await store.drop("drafts", draft.uuid);
  }
}
