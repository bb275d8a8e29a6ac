// Pixels of what the browser reads: PNG, GIF, JPEG, WebP and others.

const INEXACT = "This browser does not give the transparent pixels of this picture exactly.";
const TOO_LARGE = "The picture is too large for this browser.";

/** Red, green, blue and alpha of a picture's pixels, exactly. */
export async function readPixels(bytes) {
  if (isDeep(bytes)) throw new Error("The picture has 16 bits a sample, and a .kmq holds 8 of them.");
  // colors as they are in the file, and straight alpha
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes]), options);
  } catch {
    throw new Error("This is no picture that this browser can read.");
  }
  const { width, height } = bitmap;
  try {
    const context = contextFor(width, height);
    const data = (context && opaquePixels(bitmap, context)) ?? straightPixels(bitmap);
    if (!data) throw new Error(`${context ? INEXACT : TOO_LARGE} kmq-convert makes a .kmq of it.`);
    return { data, width, height };
  } finally {
    bitmap.close();
  }
}

/** Whether it is a PNG of which a browser reads the upper 8 bits only. */
function isDeep(bytes) {
  return [0x89, 0x50, 0x4e, 0x47].every((byte, i) => bytes[i] === byte) && bytes[24] === 16;
}

/** What draws on a canvas; null if no canvas is so large, as browsers do not tell. */
function contextFor(width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context?.fillRect(width - 1, height - 1, 1, 1);
  const alpha = context?.getImageData(width - 1, height - 1, 1, 1).data[3];
  context?.clearRect(width - 1, height - 1, 1, 1);
  return alpha ? context : null;
}

/** Pixels by a canvas; null if some have alpha, as a canvas multiplies colors with it. */
function opaquePixels(bitmap, context) {
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return null;
  return data;
}

/** Pixels by a texture, whose colors stay as they are; null if there is none, or none so large. */
function straightPixels(bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl");
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const data = new Uint8ClampedArray(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(data.buffer));
  const isRead = gl.getError() === gl.NO_ERROR; // else memory is short
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return isRead ? data : null;
}
