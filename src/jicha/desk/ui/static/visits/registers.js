// The step of a register, in whole numbers of 10⁻¹⁰: no reading passes through a float. The server computes it again (visits/steps.py).
const PLACES = 10;
const UNIT = 10n ** BigInt(PLACES);
const NOT_ENERGY = new Set(["max_demand"]);

export function exact(text) {
  const found = /^(\d+)(?:\.(\d{1,10}))?$/.exec(String(text ?? "").trim());
  return found ? BigInt(found[1]) * UNIT + BigInt((found[2] || "").padEnd(PLACES, "0")) : null;
}

export const isReading = (text) => /^\d{1,12}(\.\d{1,4})?$/.test(text.trim());
export const wholeDigits = (text) => text.trim().split(".")[0].replace(/^0+(?=\d)/, "").length;

export function written(number) {
  const size = number < 0n ? -number : number;
  const part = String(size % UNIT).padStart(PLACES, "0").replace(/0+$/, "");
  const whole = String(size / UNIT).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${number < 0n ? "-" : ""}${whole}${part ? `.${part}` : ""}`;
}

// Return {hint, kwh} of a register that the records know, or null where there is nothing to compare.
export function step(register, text, mostKwhAnHour, now) {
  const value = exact(text);
  const last = register.previous_value === null ? null : exact(register.previous_value);
  if (value === null || last === null || NOT_ENERGY.has(register.register)) return null;
  const times = exact(register.multiplier);
  const energy = (difference) => (difference * times) / UNIT;
  if (value >= last) return { hint: "forward", kwh: written(energy(value - last)) };
  if (register.digits === null) return { hint: "backward", kwh: written(energy(last - value)) };
  const over = energy(value - last + 10n ** BigInt(register.digits) * UNIT);
  const seconds = BigInt(Math.max(0, Math.floor((now - new Date(register.previous_at).getTime()) / 1000)));
  const isBelieved = mostKwhAnHour !== null && register.previous_at !== null && over * 3600n <= exact(mostKwhAnHour) * seconds;
  return { hint: isBelieved ? "rollover" : "doubted", kwh: written(over) };
}
