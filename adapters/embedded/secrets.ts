/**
 * Secrets in one file, encrypted with AES-256-GCM under a key that lies in a file beside it, both readable by their owner only.
 * That protects a copy, a dump or a backup that holds the one file without the other. It does not protect against whoever can
 * read this user's files; use the cloud's secret store where that matters.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../core/errors.ts';
import { type SecretsPort, SecretValue } from '../../core/ports/secrets.ts';
import { reporting } from './failures.ts';
import { type FaultPoint, noFault } from './faults.ts';
import { writeAtomically } from './files.ts';

const SECRETS_FILE = 'secrets.enc';
const KEY_FILE = 'secrets.key';
const OWNER_ONLY = 0o600;
const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Authenticated with the text, so that a later format cannot be taken for this one. */
const FORMAT = Buffer.from('plimsoll secrets 1');

export const SECRET_BOUNDS = { secrets: 1_000, valueLength: 65_536 } as const;
const REFERENCE = /^[A-Za-z0-9][A-Za-z0-9_./-]{0,199}$/;

export interface EmbeddedSecretsOptions {
  /** Runs `work` while no other process changes the secrets. */
  readonly exclusively: <T>(work: () => T) => T;
  readonly faultPoint?: FaultPoint;
}

export class EmbeddedSecrets implements SecretsPort {
  readonly #directory: string;
  readonly #options: EmbeddedSecretsOptions;

  constructor(directory: string, options: EmbeddedSecretsOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async get(reference: string): Promise<SecretValue> {
    const value = this.#load().get(reference);
    if (value !== undefined) return new SecretValue(value);
    throw unknown(reference);
  }

  async put(reference: string, value: string): Promise<void> {
    checkReference(reference);
    if (value.length > SECRET_BOUNDS.valueLength) {
      throw new PlimsollError(
        'SECRET_TOO_LARGE',
        `the secret for ${reference} has more than ${SECRET_BOUNDS.valueLength} characters`,
        'store a shorter one',
      );
    }
    this.#options.exclusively(() => {
      const secrets = this.#load();
      secrets.set(reference, value);
      if (secrets.size > SECRET_BOUNDS.secrets) throw tooMany();
      this.#store(secrets);
    });
  }

  /** Forgets a secret. Throws `SECRET_UNKNOWN`. */
  async remove(reference: string): Promise<void> {
    this.#options.exclusively(() => {
      const secrets = this.#load();
      if (!secrets.delete(reference)) throw unknown(reference);
      this.#store(secrets);
    });
  }

  async list(): Promise<string[]> {
    return [...this.#load().keys()].sort();
  }

  #load(): Map<string, string> {
    const sealed = this.#read(SECRETS_FILE);
    if (sealed === undefined) return new Map();
    const key = this.#read(KEY_FILE);
    if (key === undefined) throw this.#unreadable('its key file is gone');
    try {
      return new Map(Object.entries(JSON.parse(unseal(sealed, key)) as Record<string, string>));
    } catch {
      // The cause stays out: its message could quote what was decrypted.
      throw this.#unreadable('it was changed, or its key is another');
    }
  }

  #store(secrets: ReadonlyMap<string, string>): void {
    const key = this.#read(KEY_FILE) ?? this.#createKey();
    this.#write(SECRETS_FILE, seal(JSON.stringify(Object.fromEntries(secrets)), key));
  }

  #createKey(): Buffer {
    const key = randomBytes(KEY_BYTES);
    this.#write(KEY_FILE, key);
    return key;
  }

  #read(name: string): Buffer | undefined {
    return reporting(join(this.#directory, name), () => {
      try {
        return readFileSync(join(this.#directory, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    });
  }

  #write(name: string, bytes: Uint8Array): void {
    const path = join(this.#directory, name);
    const beforeNaming = () => (this.#options.faultPoint ?? noFault)('secrets.file-written');
    reporting(path, () =>
      writeAtomically({ path, bytes, temporaryDirectory: this.#directory, mode: OWNER_ONLY, beforeNaming }),
    );
  }

  #unreadable(why: string): PlimsollError {
    return new PlimsollError(
      'SECRETS_UNREADABLE',
      `${join(this.#directory, SECRETS_FILE)} cannot be read: ${why}`,
      `restore ${KEY_FILE} and ${SECRETS_FILE} together from a backup, or remove both and store the secrets again`,
      { kept: 'both files are left as they were found' },
    );
  }
}

/** iv, tag, ciphertext. A fresh iv each time: GCM must not see one twice under a key. */
function seal(text: string, key: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(FORMAT);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

function unseal(bytes: Buffer, key: Buffer): string {
  const iv = bytes.subarray(0, IV_BYTES);
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(FORMAT).setAuthTag(tag);
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
}

function checkReference(reference: string): void {
  if (REFERENCE.test(reference)) return;
  throw new PlimsollError(
    'SECRET_REFERENCE_INVALID',
    'a reference has up to 200 letters, digits and _ . / -, and starts with a letter or digit',
    'choose another reference, such as binance/key',
  );
}

function unknown(reference: string): PlimsollError {
  return new PlimsollError(
    'SECRET_UNKNOWN',
    `there is no secret under the reference ${JSON.stringify(reference.slice(0, 200))}`,
    'store it under this reference first, or correct the reference',
  );
}

function tooMany(): PlimsollError {
  return new PlimsollError(
    'SECRETS_TOO_MANY',
    `${SECRET_BOUNDS.secrets} secrets are stored, and no more fit`,
    'store the new value under a reference that is there',
    { kept: 'the stored secrets are untouched' },
  );
}
