// A field to sign in with a finger; what was drawn becomes a PNG on a white ground when the finger is lifted.
const HEIGHT = 360;
const WIDTH = 900;

export function signatureField(label, signed) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  canvas.className = "signature";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const draw = canvas.getContext("2d");
  let isDown = false;
  let strokes = 0;

  function clear() {
    draw.fillStyle = "#fff";
    draw.fillRect(0, 0, WIDTH, HEIGHT);
    strokes = 0;
  }
  function point(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * WIDTH) / box.width, ((event.clientY - box.top) * HEIGHT) / box.height];
  }
  canvas.addEventListener("pointerdown", (event) => {
    isDown = true;
    canvas.setPointerCapture(event.pointerId);
    draw.beginPath();
    draw.moveTo(...point(event));
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!isDown) return;
    strokes += 1;
    Object.assign(draw, { lineWidth: 5, lineCap: "round", lineJoin: "round", strokeStyle: "#10243e" });
    draw.lineTo(...point(event));
    draw.stroke();
  });
  const up = () => {
    if (isDown && strokes) canvas.toBlob(signed, "image/png");
    isDown = false;
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  clear();
  return { canvas, clear };
}
