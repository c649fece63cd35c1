type Numbers = Float64Array | Int32Array | Uint8Array;

/** A file as the training job packs it (models/plimsoll_models/export/container.py), for tests that need no Python. */
export function pack(header: object, arrays: Record<string, Numbers> = {}): Uint8Array {
  const sections: Record<string, object> = {};
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (const [name, values] of Object.entries(arrays)) {
    const type = values instanceof Float64Array ? 'f64' : values instanceof Int32Array ? 'i32' : 'u8';
    sections[name] = { type, offset: bytes, length: values.length };
    const part = new Uint8Array(Math.ceil(values.byteLength / 8) * 8);
    part.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    parts.push(part);
    bytes += part.length;
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: sections, bytes }));
  const length = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(16 + length + bytes).fill(0x20);
  file.set(new TextEncoder().encode('PLIMSOLL'));
  new DataView(file.buffer).setUint32(8, 1, true);
  new DataView(file.buffer).setUint32(12, length, true);
  file.set(text, 16);
  let at = 16 + length;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** Two features and two classes. */
export const TWO = { features: ['a', 'b'], classes: [0, 1] };

/** A stump on the first feature: below the limit (or at it) -1 or else 1, as a booster's one tree. */
export const stump = (limit: number, header: object = {}, more: Record<string, Numbers> = {}): Uint8Array =>
  pack(
    { kind: 'booster', ...TWO, link: 'logistic', learningRate: 1, ...header },
    {
      roots: Int32Array.of(0),
      feature: Int32Array.of(0, -1, -1),
      threshold: Float64Array.of(limit, 0, 0),
      left: Int32Array.of(1, 0, 1),
      right: Int32Array.of(2, 0, 0),
      values: Float64Array.of(-1, 1),
      first: Float64Array.of(0),
      adds: Int32Array.of(0),
      ...more,
    },
  );

/** Logistic regression on two features. */
export const line = (
  weights: readonly [number, number],
  intercept: number,
  more: Record<string, Numbers> = {},
): Uint8Array =>
  pack(
    { kind: 'linear', ...TWO, link: 'logistic' },
    { weights: Float64Array.from(weights), intercept: Float64Array.of(intercept), ...more },
  );
