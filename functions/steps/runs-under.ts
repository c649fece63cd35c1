/** What an account runs under, by hashes: so that a change is seen, and no two configurations work on one account. */
import type { EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { registration } from '../../core/strategies/registration.ts';
import type { AccountState } from './account-state.ts';
import { contentHash } from './engines.ts';

/** Enough to see what has changed, strategy by strategy. */
export interface Applied {
  readonly configurationHash: string;
  readonly strategies: readonly { readonly id: string; readonly contentHash: string }[];
}

export const appliedOf = (definition: EngineDefinition): Applied => ({
  configurationHash: definition.configurationHash,
  strategies: definition.strategies.map((running) => ({
    id: running.id,
    contentHash: strategyHash(registration(running)),
  })),
});

const digests = new WeakMap<EngineDefinition, string>();

/** One hash of all of it. */
export function digestOf(definition: EngineDefinition): string {
  const known = digests.get(definition) ?? contentHash(appliedOf(definition));
  digests.set(definition, known);
  return known;
}

/**
 * Throws `CONFIGURATION_NOT_IN_FORCE` where an account runs under another configuration than this process has: for the moments
 * between a deployment and the next cycle, at which the new one is taken over.
 */
export function assertRunsUnder({ runsUnder }: AccountState, definition: EngineDefinition): void {
  if (runsUnder === undefined || runsUnder === digestOf(definition)) return;
  throw new PlimsollError(
    'CONFIGURATION_NOT_IN_FORCE',
    `the account ${definition.stream} runs under another configuration than this function was deployed with`,
    'the next cycle takes the new one over; until then its messages come again',
    { kept: 'the account is as it was' },
  );
}

/** What makes a strategy's checkpoint its own; the allocation does not. */
export function strategyHash(registered: Record<string, Json>): string {
  const { name, params, codeHash, instruments, timeframe, models } = registered;
  return contentHash({ name, params, codeHash, instruments, timeframe, ...(models ? { models } : {}) });
}

/** Without members that are undefined. */
export const plain = (value: object): Json => JSON.parse(JSON.stringify(value));
