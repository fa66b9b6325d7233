// Draws a photo small with time, place and order written on the copy. The file itself stays as the camera made it.
const WIDTH = 480;

export async function stamped(blob, lines) {
  const picture = await createImageBitmap(blob, { resizeWidth: WIDTH, resizeQuality: "medium" });
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const draw = canvas.getContext("2d");
  draw.drawImage(picture, 0, 0);
  picture.close();
  const size = Math.round(canvas.width / 20);
  draw.font = `${size}px sans-serif`;
  draw.fillStyle = "rgba(0, 0, 0, .6)";
  draw.fillRect(0, canvas.height - lines.length * size * 1.4 - size * 0.4, canvas.width, canvas.height);
  draw.fillStyle = "#fff";
  lines.forEach((line, row) => draw.fillText(line, size * 0.5, canvas.height - (lines.length - row - 1) * size * 1.4 - size * 0.5));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", lines.join(", "));
  return canvas;
}
