/** What a venue says, or what kept it from being heard, in a few words on one line and without the keys of the account. */

const SAID_MAX = 200;
/** Shorter forms of a key are met by chance. */
const SHORTEST = 8;
const REDACTED = '[redacted]';

/** Keys are taken out in every form in which an answer, or a proxy before the venue, may show what it was sent. */
export class Redaction {
  readonly #secrets: readonly string[];
  readonly #forms: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
    const forms = secrets.filter((secret) => secret !== '').flatMap(formsOf);
    // The longest first: a form may hold another.
    this.#forms = [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  /** The same with more to take out: what was given for a while. */
  with(secrets: readonly string[]): Redaction {
    return secrets.length === 0 ? this : new Redaction([...this.#secrets, ...secrets]);
  }

  said(error: unknown): string {
    let text = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
    for (const form of this.#forms) text = text.replaceAll(form, REDACTED);
    if (text.includes('…')) text = this.#withoutCut(text);
    text = text.replace(/signature=[^&\s"']+/gi, `signature=${REDACTED}`);
    return text.length > SAID_MAX ? `${text.slice(0, SAID_MAX - 1)}…` : text;
  }

  /** What was quoted shortly may end within a key. */
  #withoutCut(text: string): string {
    let left = text;
    for (const form of this.#forms) {
      for (let length = form.length - 1; length >= SHORTEST; length--) {
        left = left.replaceAll(`${form.slice(0, length)}…`, `${REDACTED}…`);
      }
    }
    return left;
  }
}

/** A key of several lines also comes on one, and each of them alone. */
function formsOf(secret: string): string[] {
  const oneLine = secret.replace(/\s+/g, ' ').trim();
  const lines = secret.split(/\s*\n\s*/).filter((line) => line.length >= SHORTEST && !line.startsWith('-----'));
  const encoded = [secret, oneLine, ...lines].flatMap((text) => [
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    new URLSearchParams([['', text]]).toString().slice(1),
    Buffer.from(text).toString('hex'),
    Buffer.from(text).toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((before) => withinBase64(text, before)),
  ]);
  return [secret, oneLine, ...lines, ...encoded.filter((form) => form.length >= SHORTEST)];
}

/** What of a text's base64 stays the same whatever stands around it, where so many bytes (modulo 3) stand before it. */
function withinBase64(text: string, before: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
  const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
  return (['base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding).slice(from, to));
}
