// Where the phone is, as far as it tells: asked for while a visit is recorded, never waited for.
const FRESH_MS = 5 * 60 * 1000;
let last = null;

export function watch(told = () => {}) {
  navigator.geolocation?.watchPosition(
    (position) => {
      const { latitude, longitude, accuracy } = position.coords;
      last = { at: Date.now(), place: { latitude: latitude.toFixed(6), longitude: longitude.toFixed(6), accuracy_m: Math.round(accuracy) } };
      told(last.place);
    },
    () => {}, // not allowed or not found: "place not told"
    { enableHighAccuracy: true, maximumAge: 60000, timeout: 20000 },
  );
}

export const where = () => (last && Date.now() - last.at < FRESH_MS ? last.place : { latitude: "", longitude: "", accuracy_m: null });
export const isTold = (place) => Boolean(place?.latitude);
