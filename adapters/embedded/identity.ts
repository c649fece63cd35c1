import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { PlimsollError } from '../../core/errors.ts';
import { type IdentityPort, type Principal, ROLES, type Role } from '../../core/ports/identity.ts';
import type { Database } from './database.ts';

export interface NewToken {
  readonly name: string;
  readonly roles: readonly Role[];
  /** How long the token is good for. */
  readonly ttlMs: number;
}

export interface IssuedToken {
  /** The one time it is seen; only its hash is kept. */
  readonly token: string;
  readonly principal: Principal;
  /** ms UTC. */
  readonly expiresAt: number;
}

export interface TokenEntry extends Principal {
  readonly createdAt: number;
  readonly expiresAt: number;
}

const MAX_TOKENS = 1_000;
const MAX_NAME_LENGTH = 100;
const ID_BYTES = 9;
const SECRET_BYTES = 32;
/** `plimsoll_`, 12 characters that name the token, 43 that prove it. */
const TOKEN = /^plimsoll_([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{43})$/;

/**
 * Local users: a token is a name and 32 random bytes, of which the SQLite file keeps the SHA-256. The row is found by the name
 * and the bytes are compared in constant time, so that how long a refusal takes says nothing about them.
 */
export class LocalIdentity implements IdentityPort {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, options: { now: () => number }) {
    this.#database = database;
    this.#now = options.now;
  }

  async authenticate(token: string): Promise<Principal | undefined> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const row = this.#database.read(() => this.#database.statement(FIND).get(id));
    const proven = timingSafeEqual(hash(secret), (row?.secret_hash as Uint8Array | undefined) ?? NO_HASH);
    const now = this.#now();
    if (!row || !proven || now >= (row.expires_at as number)) return undefined;
    const { admins } = this.#database.read(() => this.#database.statement(COUNT_ADMINS).get(now))!;
    return { ...toPrincipal(row), admins: admins as number };
  }

  /** Makes a token, and forgets those that have expired. */
  async issue({ name, roles, ttlMs }: NewToken): Promise<IssuedToken> {
    checkToken(name, roles);
    const [id, secret] = [randomBytes(ID_BYTES).toString('base64url'), randomBytes(SECRET_BYTES).toString('base64url')];
    const now = this.#now();
    const expiresAt = now + ttlMs;
    this.#database.write(() => {
      this.#database.statement(REMOVE_EXPIRED).run(now);
      if ((this.#database.statement(COUNT).get()!.count as number) >= MAX_TOKENS) throw tooMany();
      this.#database.statement(INSERT).run(id, hash(secret), name, JSON.stringify(roles), now, expiresAt);
    });
    return { token: `plimsoll_${id}.${secret}`, principal: { id, name, roles: [...roles] }, expiresAt };
  }

  /** Whether there was such a token. */
  async revoke(id: string): Promise<boolean> {
    return this.#database.write(() => this.#database.statement(REMOVE).run(id).changes) > 0;
  }

  /** The tokens, oldest first, without what proves them. */
  async list(): Promise<TokenEntry[]> {
    return this.#database.read(() => this.#database.statement(LIST).all().map(toEntry));
  }
}

const FIND = `SELECT id, name, roles, secret_hash, expires_at FROM tokens WHERE id = ?`;
const LIST = `SELECT id, name, roles, created_at, expires_at FROM tokens ORDER BY created_at, id`;
const COUNT = `SELECT count(*) AS count FROM tokens`;
const COUNT_ADMINS = `SELECT count(DISTINCT name) AS admins FROM tokens WHERE roles LIKE '%"admin"%' AND expires_at > ?`;
const INSERT = `INSERT INTO tokens (id, secret_hash, name, roles, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`;
const REMOVE = `DELETE FROM tokens WHERE id = ?`;
const REMOVE_EXPIRED = `DELETE FROM tokens WHERE expires_at <= ?`;

const hash = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Compared with where there is no token, so that this takes as long; no text has this hash that anyone could find. */
const NO_HASH = new Uint8Array(32);

type Row = Record<string, unknown>;

function toPrincipal(row: Row): Principal {
  return { id: row.id as string, name: row.name as string, roles: JSON.parse(row.roles as string) as Role[] };
}

function toEntry(row: Row): TokenEntry {
  return { ...toPrincipal(row), createdAt: row.created_at as number, expiresAt: row.expires_at as number };
}

function checkToken(name: string, roles: readonly Role[]): void {
  const named = name.length > 0 && name.length <= MAX_NAME_LENGTH;
  if (named && roles.length > 0 && roles.every((role) => ROLES.includes(role))) return;
  throw new PlimsollError(
    'TOKEN_INVALID',
    'a token needs a name and at least one role',
    `give a name of up to ${MAX_NAME_LENGTH} characters and roles out of ${ROLES.join(', ')}`,
  );
}

function tooMany(): PlimsollError {
  return new PlimsollError(
    'TOKENS_TOO_MANY',
    `${MAX_TOKENS} tokens are in force`,
    'revoke some that are no longer used',
  );
}
