/** Looks for secrets wherever they might have gone: as they are, and in the forms in which programs write things down. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inspect } from 'node:util';

/** Lines of a key in PEM that everybody has. */
const ARMOUR = /^-----/;
/** Shorter pieces are met by chance. */
const SHORTEST = 8;

/** Every form of a secret that is looked for: itself, as JSON, in a URL, as hex, and within base64 at any place. */
export function formsOf(secret: string): string[] {
  const pieces = secret.split('\n').filter((line) => line.length >= SHORTEST && !ARMOUR.test(line));
  const forms = [secret, ...pieces].flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    new URLSearchParams([['', text]]).toString().slice(1),
    Buffer.from(text).toString('hex'),
    Buffer.from(text).toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((before) => within64(text, before)),
  ]);
  return [...new Set(forms)];
}

/** What of a text's base64 does not depend on what stands around it, where so many bytes (modulo 3) stand before it. */
function within64(text: string, before: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
  const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
  return (['base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding).slice(from, to));
}

export class Search {
  readonly #secrets: readonly (readonly [name: string, forms: readonly string[]])[];
  /** Where something was found: "place: name". */
  readonly found: string[] = [];
  /** Places that were looked at. */
  readonly places: string[] = [];

  constructor(secrets: Readonly<Record<string, string>>) {
    this.#secrets = Object.entries(secrets).map(([name, secret]) => [name, formsOf(secret)]);
  }

  /** Bytes or text. */
  bytes(place: string, given: Uint8Array | string): void {
    const text = Buffer.from(given).toString('latin1');
    this.places.push(place);
    for (const [name, forms] of this.#secrets) {
      const form = forms.findIndex((each) => text.includes(Buffer.from(each).toString('latin1')));
      if (form >= 0) this.found.push(`${place}: ${name} (form ${form})`);
    }
  }

  /** A value as it would be printed, logged, thrown or sent, with all that hangs on it. */
  value(place: string, value: unknown): void {
    const shown = [
      inspect(value, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null }),
      String(value),
    ];
    try {
      shown.push(JSON.stringify(value) ?? '');
    } catch (error) {
      shown.push(inspect(error));
    }
    for (let cause = value; cause instanceof Error; cause = cause.cause) shown.push(cause.stack ?? '', cause.message);
    this.bytes(place, shown.join('\n'));
  }

  /** Every file below a folder, whatever it is. */
  folder(folder: string): void {
    for (const name of readdirSync(folder, { recursive: true }) as string[]) {
      const path = join(folder, name);
      if (statSync(path).isFile()) this.bytes(relative(folder, path), readFileSync(path));
    }
  }
}
