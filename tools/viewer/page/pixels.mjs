// Pixels of what the browser reads: PNG, GIF, JPEG, WebP and others.

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
  const data = opaquePixels(bitmap) ?? straightPixels(bitmap);
  bitmap.close();
  return { data, width, height };
}

/** Whether it is a PNG of which a browser reads the upper 8 bits only. */
function isDeep(bytes) {
  return [0x89, 0x50, 0x4e, 0x47].every((byte, i) => bytes[i] === byte) && bytes[24] === 16;
}

/** Pixels by a canvas; null if some have alpha, as a canvas multiplies colors with it. */
function opaquePixels(bitmap) {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return null;
  return data;
}

/** Pixels by a texture, whose colors stay as they are. */
function straightPixels(bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl");
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
    throw new Error(
      "This browser does not give transparent pixels exactly. kmq-convert makes a .kmq of them.",
    );
  }
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const data = new Uint8ClampedArray(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(data.buffer));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return data;
}
