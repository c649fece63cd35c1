import { createHash, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import { PlimsollError } from '../../core/errors.ts';
import { type IdentityPort, type Principal, ROLES } from '../../core/ports/identity.ts';
import type { SecretsPort } from '../../core/ports/secrets.ts';

/** A token as it is kept: never itself, only its SHA-256. */
const Identity = z.strictObject({
  id: z.string().check(z.minLength(1), z.maxLength(128)),
  name: z.string().check(z.minLength(1), z.maxLength(128)),
  roles: z.array(z.enum(ROLES)).check(z.minLength(1)),
  /** Hex, as {@link tokenDigest} makes it. */
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  /** Ms UTC; from then on the token is refused. */
  expiresAt: z.int(),
});
const Identities = z.strictObject({ identities: z.array(Identity).check(z.maxLength(1_000)) });

export type StoredIdentity = z.infer<typeof Identity>;

export interface SecretIdentityOptions {
  /** The secret that holds `{"identities": [StoredIdentity, …]}`. */
  readonly reference: string;
  /**
   * How long what was read is used: so long a token that was withdrawn still works.
   * @default 60,000
   */
  readonly cacheMs?: number;
  /** Ms UTC. */
  readonly now: () => number;
}

/** A bearer token is text without blanks; this is far beyond any that is issued. */
const TOKEN_BOUNDS = { least: 16, most: 4_096 };
const CACHE_MS = 60_000;

/** The SHA-256 of a token, hex: what is stored of it. */
export const tokenDigest = (token: string): string => digest(token).toString('hex');

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Identity from one secret that lists the digests of tokens. Fails closed: what cannot be read lets nobody in. */
export class SecretIdentity implements IdentityPort {
  readonly #secrets: SecretsPort;
  readonly #reference: string;
  readonly #cacheMs: number;
  readonly #now: () => number;
  #cached: { readonly until: number; readonly identities: Promise<StoredIdentity[]> } | undefined;

  constructor(secrets: SecretsPort, { reference, cacheMs = CACHE_MS, now }: SecretIdentityOptions) {
    this.#secrets = secrets;
    this.#reference = reference;
    this.#cacheMs = cacheMs;
    this.#now = now;
  }

  /** Throws `IDENTITIES_INVALID` where the secret does not hold what it should. */
  async authenticate(token: string): Promise<Principal | undefined> {
    if (token.length < TOKEN_BOUNDS.least || token.length > TOKEN_BOUNDS.most) return undefined;
    const identities = await this.#identities();
    const found = matching(identities, digest(token));
    if (!found || found.expiresAt <= this.#now()) return undefined;
    const admins = identities.filter(({ roles, expiresAt }) => roles.includes('admin') && expiresAt > this.#now());
    return { id: found.id, name: found.name, roles: found.roles, admins: new Set(admins.map(({ name }) => name)).size };
  }

  /** What the secret holds, read once for all who ask meanwhile. A failure is not kept. */
  #identities(): Promise<StoredIdentity[]> {
    if (this.#cached && this.#now() < this.#cached.until) return this.#cached.identities;
    const identities = this.#read();
    const entry = { until: this.#now() + this.#cacheMs, identities };
    this.#cached = entry;
    identities.catch(() => {
      if (this.#cached === entry) this.#cached = undefined;
    });
    return identities;
  }

  async #read(): Promise<StoredIdentity[]> {
    const secret = await this.#secrets.get(this.#reference);
    const parsed = Identities.safeParse(parseJson(secret.reveal()));
    if (parsed.success) return parsed.data.identities;
    const where = parsed.error.issues[0].path.join('.') || 'its beginning';
    throw new PlimsollError(
      'IDENTITIES_INVALID',
      `the secret ${this.#reference} does not hold a list of identities (at ${where})`,
      'write it anew with the identities command',
    );
  }
}

/** Compares with all of them, so that the time tells nothing. */
function matching(identities: readonly StoredIdentity[], asked: Buffer): StoredIdentity | undefined {
  let found: StoredIdentity | undefined;
  for (const identity of identities) {
    if (timingSafeEqual(Buffer.from(identity.sha256, 'hex'), asked)) found = identity;
  }
  return found;
}

/** Undefined for what is not JSON; the parser's own message would quote the secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
