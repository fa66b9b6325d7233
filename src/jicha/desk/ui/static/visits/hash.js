// SHA-256 of a file's bytes, by the browser itself; it exists on secure pages only (https, or the machine itself).
export const canHash = () => Boolean(globalThis.crypto?.subtle);

export async function sha256(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
