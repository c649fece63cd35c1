import { describe, expect, test } from 'vitest';
import { definitionOf } from '../../../core/configuration/definition.ts';
import { type Configuration, configurationSchema } from '../../../core/configuration/schema.ts';
import { simulatedStrategies } from '../../../simulation/strategies.ts';
import { spot } from '../engine/account.ts';

const configuration = configurationSchema.parse({
  venues: { simulated: { kind: 'simulated' } },
  universes: { main: { venue: 'simulated', symbols: ['A/USD'], timeframe: '1m' } },
  accounts: [
    { id: 'paper', universe: 'main', currency: 'USD', cash: 1_000, strategies: [{ strategy: 'sim-crossing' }] },
  ],
});

function hashUnder(changed: Partial<Configuration>): string {
  return definitionOf({
    configuration: { ...configuration, ...changed },
    account: configuration.accounts[0],
    instruments: [spot()],
    provenance: 'simulated',
    registry: simulatedStrategies,
    openedAt: 0,
  }).configurationHash;
}

describe('the hash of what an account runs under', () => {
  test('is the same for the same meaning', () => {
    const copy = structuredClone(configuration.universes);
    expect(hashUnder({ universes: copy })).toBe(hashUnder({}));
  });

  test('differs with the universe and the budgets that one account is read with', () => {
    const { main } = configuration.universes;
    const hashes = [
      hashUnder({}),
      hashUnder({ universes: { main: { ...main, symbols: ['A/USD', 'B/USD'] } } }),
      hashUnder({ universes: { main: { ...main, timeframe: '5m' } } }),
      hashUnder({ budgets: { grossExposure: 1 } as never }),
      hashUnder({}),
    ];
    expect(new Set(hashes).size).toBe(4);
    expect(hashes[4]).toBe(hashes[0]);
  });
});
