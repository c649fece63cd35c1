import { createHash } from 'node:crypto';
import { PlimsollError } from '../../errors.ts';

/** What makes an order that order, wherever and however often it is worked out. */
export interface OrderIdentity {
  readonly stream: string;
  /** Id of its strategy. */
  readonly strategy: string;
  readonly symbol: string;
  /** That decided it, ms UTC. */
  readonly cycle: number;
  /** Its number in the stream. */
  readonly order: number;
}

/** Hexadecimal digits in the shape of a UUID of the version for hashes (RFC 9562, section 5.8). */
const uuid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;

/** The forms that venues take, the one with the most of the hash first. The last still holds 60 bits of it. */
const FORMS: readonly ((hex: string) => string)[] = [
  (hex) => `pl${hex.slice(0, 30)}`,
  uuid,
  (hex) => hex.slice(0, 32),
  (hex) => `pl${hex.slice(0, 22)}`,
  (hex) => hex.slice(0, 18),
  (hex) =>
    BigInt(`0x${hex.slice(0, 15)}`)
      .toString()
      .padStart(19, '1'),
  (hex) => hex.slice(0, 16),
];

/**
 * The client order id of an order: a hash of its identity, in the first form that the venue's rule takes. The same after a restart,
 * a redelivery or a restore. Throws `CLIENT_ORDER_ID_IMPOSSIBLE` where the rule takes none.
 */
export function clientOrderIdOf(identity: OrderIdentity, rule: RegExp): string {
  const { stream, strategy, symbol, cycle, order } = identity;
  const text = JSON.stringify([stream, strategy, symbol, cycle, order]);
  const hex = createHash('sha256').update(text).digest('hex');
  const anchored = new RegExp(`^(?:${rule.source})$`, rule.flags.replace(/[gy]/g, ''));
  for (const form of FORMS) {
    const id = form(hex);
    if (anchored.test(id)) return id;
  }
  throw new PlimsollError(
    'CLIENT_ORDER_ID_IMPOSSIBLE',
    `no client order id of this platform matches the venue's rule ${rule.source}`,
    'correct the rule in the venue’s capabilities',
  );
}
