// The page of site visits: decides by its address what it shows, keeps an eye on the network, sends what waits.
import { showForm } from "./form.js";
import { canHash } from "./hash.js";
import { load, showList } from "./list.js";
import { NoNetwork, SignInNeeded } from "./network.js";
import { about, alert, el, show, words } from "./page.js";
import { sendAll } from "./upload.js";

const badge = document.getElementById("network");
const notice = el("div", { id: "notice" });
document.getElementById("page").before(notice);

const network = {
  // Tell what stopped the last try: nothing, no network, or that somebody must sign in.
  told(error) {
    const isOn = navigator.onLine && !(error instanceof NoNetwork);
    badge.textContent = isOn ? `● ${words.online}` : `○ ${words.offline}`;
    badge.className = `network ${isOn ? "on" : "off"}`;
    const signIn = el("a", { class: "btn btn-warning", href: `${about.urls.sign_in}?next=${encodeURIComponent(location.pathname)}` }, words.sign_in_button);
    notice.replaceChildren(error instanceof SignInNeeded ? alert("warning", el("p", {}, words.sign_in), signIn) : "");
  },
};

const form = new RegExp(`^${about.urls.visits}(\\d+)/$`).exec(location.pathname);
const draw = () => (form ? showForm(Number(form[1]), network) : showList(network));

// While a form is filled in, it is not drawn anew under the fingers.
const isFilledIn = () => Boolean(document.getElementById("end"));
const redraw = () => (isFilledIn() ? null : draw());

async function send() {
  if (!navigator.onLine) return network.told(new NoNetwork());
  network.told(await sendAll(redraw));
  return redraw();
}

async function start() {
  network.told(navigator.onLine ? null : new NoNetwork());
  if (!canHash()) return show(alert("danger", words.secure_needed));
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(about.urls.worker, { scope: about.urls.visits }).catch(() => {});
  navigator.storage?.persist?.();
  addEventListener("online", send);
  addEventListener("offline", () => network.told(new NoNetwork()));
  await draw();
  await send();
  return !form && navigator.onLine ? load(network) : null;
}

start();
