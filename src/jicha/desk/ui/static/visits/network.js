// How the page speaks with the server, and what it makes of an answer: none, "sign in", "no" with a reason, or yes.
import { about } from "./page.js";
import { keep, setting } from "./store.js";

export class NoNetwork extends Error {}
export class SignInNeeded extends Error {}
export class Refused extends Error {
  constructor(reason, status) {
    super(reason);
    this.status = status;
  }
}

const NEVER_MIND = new Set([429, 500, 502, 503, 504]); // the server, or what stands before it, is not there now

function token() {
  const kept = document.cookie.split("; ").find((one) => one.startsWith(`${about.csrf_cookie}=`));
  return kept ? decodeURIComponent(kept.slice(about.csrf_cookie.length + 1)) : "";
}

export async function post(url, body) {
  let response;
  try {
    response = await fetch(url, { method: "POST", body, redirect: "manual", credentials: "same-origin", headers: { "X-CSRFToken": token() } });
  } catch {
    throw new NoNetwork();
  }
  if (response.type === "opaqueredirect" || response.status === 401) throw new SignInNeeded();
  if (NEVER_MIND.has(response.status)) throw new NoNetwork();
  const isTold = (response.headers.get("Content-Type") || "").startsWith("application/json");
  if (!isTold && response.status === 403) throw new SignInNeeded(); // the token of a page that is older than the session
  const told = isTold ? await response.json() : {};
  if (!response.ok) throw new Refused(told.refusal || `HTTP ${response.status}`, response.status);
  return told;
}

// Ask for the orders, and compare the clocks: half the way there and back is taken off.
export async function askForOrders(device) {
  const before = Date.now();
  const told = await post(about.urls.orders, JSON.stringify({ device }));
  const middle = (before + Date.now()) / 2;
  await keep("clock_offset_seconds", Math.round((new Date(told.now).getTime() - middle) / 1000));
  await keep("loaded_at", told.now);
  return told.orders;
}

export const clockOffset = () => setting("clock_offset_seconds");
