import { createHash } from 'node:crypto';

/**
 * The hash chain over a stream's records. Events are taken in blocks of {@link CHAIN_BLOCK_EVENTS}:
 *
 *     link(0)   = SHA-256 of the chain's name
 *     link(k)   = SHA-256( link(k-1) ‖ records of block k )
 *     head      = SHA-256( last link ‖ records after the last full block )
 *
 * The head after any event is thus the same whether events came one by one, in commits or in one run. Blocks make it cheap:
 * one call of the hash for 128 events. The rule is for ever; a new one is a new name.
 */
export const CHAIN_BLOCK_EVENTS = 128;
const CHAIN_NAME = 'plimsoll/ledger/1';

/** The link before the first block. */
export const GENESIS_LINK: Uint8Array = createHash('sha256').update(CHAIN_NAME).digest();

/** The link (or the head) that follows `link` over `records`. */
export function nextLink(link: Uint8Array, records: Float64Array): Uint8Array {
  return createHash('sha256')
    .update(link)
    .update(new Uint8Array(records.buffer, records.byteOffset, records.byteLength))
    .digest();
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
