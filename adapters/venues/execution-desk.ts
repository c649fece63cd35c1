/** The venues that live accounts trade at, opened with their keys when first asked for, and again when the keys are other ones. */
import { createHash } from 'node:crypto';
import type { Configuration } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { ExecutionVenuePort } from '../../core/ports/execution-venue.ts';
import type { SecretsPort } from '../../core/ports/secrets.ts';
import { credentialsOf, type ExecutionVenueKind, type VenueKeys } from './execution-kind.ts';

export interface ExecutionDeskOptions {
  readonly configuration: Configuration;
  readonly secrets: Pick<SecretsPort, 'get'>;
  /** Those that can be opened here. */
  readonly kinds: readonly ExecutionVenueKind[];
  /** How long keys are taken to be what they were, ms. */
  readonly keysMaxAgeMs: number;
  /** ms UTC. */
  readonly now: () => number;
}

interface Open {
  readonly venue: ExecutionVenuePort;
  /** Of the secret. */
  readonly digest: string;
  readonly readAt: number;
}

export class ExecutionDesk {
  readonly #options: ExecutionDeskOptions;
  readonly #open = new Map<string, Open>();
  readonly #opening = new Map<string, Promise<ExecutionVenuePort>>();

  constructor(options: ExecutionDeskOptions) {
    this.#options = options;
  }

  /**
   * The venue of a configured name. Throws `VENUE_NOT_WIRED` where no orders go there from here, `VENUE_KEYS_MISSING` and
   * `VENUE_KEYS_UNREADABLE`; the next call tries again.
   */
  readonly venue = (name: string): Promise<ExecutionVenuePort> => {
    const under = this.#opening.get(name);
    if (under) return under;
    const opening = this.#venue(name).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    return opening;
  };

  async close(): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    await Promise.allSettled([...this.#open.values()].map(({ venue }) => venue.close()));
    this.#open.clear();
  }

  async #venue(name: string): Promise<ExecutionVenuePort> {
    const { now, keysMaxAgeMs, configuration, kinds } = this.#options;
    const open = this.#open.get(name);
    if (open && now() - open.readAt < keysMaxAgeMs) return open.venue;
    const configured = configuration.venues[name];
    const kind = configured && kinds.find(({ fits }) => fits(configured));
    const reference = configured && credentialsOf(configured);
    if (!kind || reference === undefined) throw notWired(name, reference);
    const text = await this.#read(name, reference);
    const digest = createHash('sha256').update(text).digest('hex');
    const keys = parseKeys(text, kind, name, reference);
    const isSame = open?.digest === digest;
    if (!isSame) {
      this.#open.delete(name);
      await open?.venue.close();
    }
    const venue = open && isSame ? open.venue : await kind.open(name, configured, keys);
    this.#open.set(name, { venue, digest, readAt: now() });
    return venue;
  }

  async #read(name: string, reference: string): Promise<string> {
    try {
      return (await this.#options.secrets.get(reference)).reveal();
    } catch (error) {
      const isMissing = error instanceof PlimsollError && error.code === 'SECRET_UNKNOWN';
      const why = error instanceof PlimsollError ? error.message : 'the store of secrets could not be read';
      throw new PlimsollError(
        isMissing ? 'VENUE_KEYS_MISSING' : 'VENUE_KEYS_UNREADABLE',
        `the keys for ${name} cannot be had: ${why}`,
        isMissing ? `store them under "${reference}"` : 'make the store of secrets readable; it is tried again',
        { kept: 'nothing was sent' },
      );
    }
  }
}

/** Keys out of a secret's text. Throws `VENUE_KEYS_UNREADABLE`, which names what is missing and shows nothing of the text. */
export function parseKeys(
  text: string,
  { keys, account }: Pick<ExecutionVenueKind, 'keys' | 'account'>,
  name: string,
  reference: string,
): VenueKeys {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const values = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const missing = keys.filter((key) => typeof values[key] !== 'string' || values[key] === '');
  if (missing.length === 0) return Object.fromEntries(keys.map((key) => [key, values[key] as string]));
  throw new PlimsollError(
    'VENUE_KEYS_UNREADABLE',
    `the secret "${reference}" for ${name} (${account}) lacks ${missing.join(' and ')}`,
    `store it as a JSON object with ${keys.join(' and ')}`,
    { kept: 'nothing was sent' },
  );
}

function notWired(name: string, reference: string | undefined): PlimsollError {
  return new PlimsollError(
    'VENUE_NOT_WIRED',
    reference === undefined ? `no keys are configured for the venue ${name}` : `no orders go to the venue ${name} here`,
    'name its keys with `credentials`, and deploy or start again',
    { kept: 'nothing was sent' },
  );
}
