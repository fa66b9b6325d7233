// Reads the bar code of a seal from a photo, where the browser can; elsewhere the number is typed.
export const canScan = () => "BarcodeDetector" in globalThis;

export async function scanned(blob) {
  const picture = await createImageBitmap(blob);
  try {
    const found = await new BarcodeDetector().detect(picture);
    return found[0]?.rawValue.trim() || null;
  } finally {
    picture.close();
  }
}
