/** A currency pair is booked as a perpetual is: on margin, by the difference of prices, with financing in the place of funding. */
import { describe, expect, test } from 'vitest';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { Journal } from '../../../core/ledger/journal.ts';
import { verifyLedger } from '../../../core/ledger/verify.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import type { Commit } from '../../../core/ports/ledger.ts';
import { CALM, sell, target, trade, WIDE } from '../execution/trade.ts';
import { open, perpetual, runStep, stepsOf } from './account.ts';
import { randomAccount } from './random-account.ts';

const asPair = (of: Instrument): Instrument => (of.type === 'linear-perpetual' ? { ...of, type: 'currency-pair' } : of);

function eventsOf(definition: EngineDefinition, bars: ReturnType<typeof randomAccount>['bars']): LedgerEvent[] {
  const engine = open(definition);
  for (const step of stepsOf(engine, bars)) runStep(engine, step);
  return [...engine.journal.events()];
}

const withoutType = (event: LedgerEvent): string =>
  JSON.stringify(event).replaceAll('currency-pair', 'linear-perpetual');

function holds(events: readonly LedgerEvent[]): boolean {
  const journal = new Journal();
  for (const event of events) journal.append(event);
  const commit = { stream: 'test/account', number: 1, firstSequence: 1, events, hash: journal.head() };
  return verifyLedger([commit as unknown as Commit]).holds;
}

describe('a currency pair', () => {
  test('leads to the same events as a perpetual, and its ledger holds', () => {
    let margined = 0;
    for (let seed = 1; seed <= 15; seed++) {
      const { definition, bars } = randomAccount(seed, 120);
      const pairs = { ...definition, instruments: definition.instruments.map(asPair) };
      const events = eventsOf(pairs, bars);
      if (pairs.instruments.some(({ type }) => type === 'currency-pair')) margined++;
      expect(events.map(withoutType)).toEqual(eventsOf(definition, bars).map(withoutType));
      expect(holds(events)).toBe(true);
    }
    expect(margined).toBeGreaterThan(3);
  });

  test('can be sold short without owning it, moves no notional, and pays financing', () => {
    const instrument = asPair(perpetual({ fundingIntervalMs: 60_000 }));
    const { engine } = trade({ 0: sell({ quantity: 2 }), 3: target(0) }, [CALM, CALM, CALM, CALM, CALM, CALM], {
      instruments: [instrument],
      execution: { fundingBps: 10 },
      limits: { ...WIDE, allowShort: true },
    });
    const events = [...engine.journal.events()];
    expect(events.some(({ kind }) => kind === 'FundingSettled')).toBe(true);
    expect(events.some(({ kind }) => kind === 'BorrowCharged')).toBe(false);
  });
});
