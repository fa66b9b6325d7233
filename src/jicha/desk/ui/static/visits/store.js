// The phone's database: orders taken along, records, photos. A write is done when it is on the disk, not when it was asked for.
const NAME = "jicha-visits";
const FORM = 1;
let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, FORM);
    asked.onupgradeneeded = () => {
      const made = asked.result;
      made.createObjectStore("settings", { keyPath: "key" });
      made.createObjectStore("orders", { keyPath: ["user", "order"] });
      made.createObjectStore("drafts", { keyPath: "uuid" });
      made.createObjectStore("files", { keyPath: ["uuid", "sha256"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function run(stores, mode, work) {
  const transaction = (await database()).transaction(stores, mode, { durability: "strict" });
  return new Promise((resolve, reject) => {
    let asked;
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onabort = () => reject(transaction.error || new Error("the write was given up"));
    try {
      asked = work(transaction);
    } catch (error) {
      reject(error);
    }
  });
}

export const get = (store, key) => run([store], "readonly", (t) => t.objectStore(store).get(key));
export const all = (store) => run([store], "readonly", (t) => t.objectStore(store).getAll());
export const put = (store, value) => run([store], "readwrite", (t) => t.objectStore(store).put(value));
export const drop = (store, key) => run([store], "readwrite", (t) => t.objectStore(store).delete(key));

export async function setting(key) {
  return (await get("settings", key))?.value;
}

export const keep = (key, value) => put("settings", { key, value });

// Put the orders of a person in the place of those that the phone held: what is no longer to be visited does not stay on it.
export function replaceOrders(user, orders) {
  return run(["orders"], "readwrite", (t) => {
    const store = t.objectStore("orders");
    store.clear();
    for (const order of orders) store.put({ ...order, user });
  });
}

export async function filesOf(uuid) {
  return (await all("files")).filter((file) => file.uuid === uuid).sort((a, b) => a.at - b.at);
}

export const isFull = (error) => error?.name === "QuotaExceededError";

// The name by which the server and the log know this phone: made once, it says nothing of the person.
export async function device() {
  let name = await setting("device");
  if (!name) {
    name = `phone-${crypto.randomUUID().slice(0, 8)}`;
    await keep("device", name);
  }
  return name;
}
