// The orders that were taken along, and what of this phone the server does not hold yet.
import { isMine } from "./draft.js";
import { askForOrders, NoNetwork, SignInNeeded } from "./network.js";
import { about, alert, button, card, el, fill, moment, show, words } from "./page.js";
import { recordCard, stateOf } from "./records.js";
import * as store from "./store.js";
import { dropOldReceipts, sendAll, waiting } from "./upload.js";

export async function showList(network) {
  const again = () => showList(network);
  const [orders, drafts, left, loaded] = await Promise.all([store.all("orders"), store.all("drafts"), waiting(), store.setting("loaded_at")]);
  const mine = drafts.filter(isMine);
  const records = mine.filter((draft) => draft.state !== "draft").sort((a, b) => (a.ended_told < b.ended_told ? 1 : -1));
  const send = async () => { network.told(await sendAll(again)); await again(); };
  show(
    leftCard(left, send), ordersCard(orders.filter((order) => order.user === about.user.id), mine, loaded, () => load(network)),
    records.length ? el("h2", {}, words.records) : null, ...(await Promise.all(records.map((draft) => recordCard(draft, again)))), await storageLine(),
  );
}

function leftCard(left, send) {
  const others = left.others.map((name) => alert("warning", fill(words.of_others, { name })));
  if (!left.isAny && !others.length) {
    return el("section", { class: "nothing-left", id: "left" }, el("p", { class: "tick", "aria-hidden": "true" }, "✓"), el("h1", {}, words.nothing_left), el("p", {}, words.nothing_left_more));
  }
  const text = left.isAny && el("p", { class: "m-0" }, el("b", {}, fill(words.left, left)));
  return el("section", { class: "something-left", id: "left" }, text || null, ...others, left.isAny && button(words.send_now, send, "btn-primary big", { id: "send" }));
}

function ordersCard(orders, drafts, loaded, refresh) {
  const rows = orders.sort((a, b) => (String(a.due_on) < String(b.due_on) ? -1 : 1)).map((order) => orderRow(order, drafts));
  const empty = el("p", { class: "muted" }, loaded ? words.no_orders : words.not_loaded);
  return card(words.orders, ...(rows.length ? rows : [empty]), el("p", { class: "muted m-0" }, loaded ? fill(words.loaded_at, { time: moment(loaded) }) : ""), button(words.refresh, refresh, "btn-outline-secondary", { id: "refresh" }));
}

function orderRow(order, drafts) {
  const own = drafts.filter((draft) => draft.order === order.order);
  const draft = own.find((one) => one.state === "draft") || own.at(-1);
  return el("a", { class: "order", href: `${about.urls.visits}${order.order}/` },
    el("b", {}, `${order.number} · ${order.place}`), el("span", { class: "badge plain" }, draft ? stateOf(draft) : words.not_begun),
    order.customer && el("span", { class: "where" }, `${order.customer.name} · ${order.customer.address}`),
    order.due_on && el("span", { class: "muted" }, fill(words.due, { day: order.due_on })));
}

async function storageLine() {
  const told = await navigator.storage?.estimate?.();
  const mega = (bytes) => (bytes / 1024 / 1024).toFixed(1);
  return told ? el("p", { class: "muted" }, fill(words.storage, { used: mega(told.usage), quota: mega(told.quota) })) : null;
}

// Ask for the orders; what stops it is told, and what the phone holds stays as it is.
export async function load(network) {
  try {
    await store.replaceOrders(about.user.id, await askForOrders(await store.device()));
    await dropOldReceipts();
    network.told(null);
  } catch (error) {
    if (!(error instanceof NoNetwork || error instanceof SignInNeeded)) throw error;
    network.told(error);
  }
  await showList(network);
}
