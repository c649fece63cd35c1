/** What a store keeps of what it is handed: what would be read back from its JSON, without going through the text. */
import { canonicalJson, type Json } from '../../core/json.ts';

/** The most that a number, a literal or a pair of brackets takes with the signs around it, and one unit of a text. */
const BYTES = { number: 26, other: 6, unit: 6 } as const;

/**
 * A copy that is frozen to the bottom, and a bound on the bytes of its JSON. What JSON cannot hold is refused with the words of the
 * canonical form.
 */
export function frozenCopy(value: unknown): { readonly value: Json; readonly mostBytes: number } {
  const copying = new Copying();
  return { value: copying.copy(value), mostBytes: copying.mostBytes };
}

class Copying {
  mostBytes = 0;

  copy(value: unknown): Json {
    switch (typeof value) {
      case 'string':
        this.mostBytes += value.length * BYTES.unit + BYTES.other;
        return value;
      case 'boolean':
        this.mostBytes += BYTES.other;
        return value;
      case 'number':
        this.mostBytes += BYTES.number;
        // A zero has no sign in JSON.
        return Number.isFinite(value) ? value + 0 : refused(value);
      case 'object':
        this.mostBytes += BYTES.other;
        if (value === null) return null;
        if (Array.isArray(value)) return this.#list(value);
        return isPlain(value) ? this.#members(value) : refused(value);
    }
    return refused(value);
  }

  #list(list: readonly unknown[]): Json {
    const copy: Json[] = [];
    for (let k = 0; k < list.length; k++) copy.push(this.copy(list[k]));
    return Object.freeze(copy);
  }

  #members(value: Record<string, unknown>): Json {
    const copy: Record<string, Json> = {};
    for (const key in value) {
      const member = value[key];
      if (member === undefined) continue;
      this.mostBytes += key.length * BYTES.unit + BYTES.other;
      if (key === '__proto__') Object.defineProperty(copy, key, { value: this.copy(member), enumerable: true });
      else copy[key] = this.copy(member);
    }
    return Object.freeze(copy);
  }
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const refused = (value: unknown): never => canonicalJson(value) as never;
