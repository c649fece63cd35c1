import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runBacktest } from '../../../core/backtest/run.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { workedAccount } from './algorithms/worked-account.ts';
import { costs } from './costs-of-orders.ts';

test('the parts come to what was paid beyond the paper portfolio, to the last unit', { timeout: 120_000 }, () => {
  const seeds = fc.integer({ min: 1, max: 2 ** 30 });
  const property = (seed: number): void => {
    const { definition, bars } = workedAccount(seed, 120);
    const { engine } = runBacktest(definition, bars);
    const events = [...engine.journal.events()];
    const paid = paidBy(engine, events);
    for (const one of costs(engine).values()) {
      const { instrument, filled, wanted, decisionPrice, endPrice } = one;
      const { numerator, divisor } = engine.markets[instrument];
      const worth = (quantity: bigint, price: bigint) => (quantity * price * BigInt(numerator)) / BigInt(divisor);
      const sign = one.side === 'buy' ? 1n : -1n;
      const missing = wanted > filled ? wanted - filled : 0n;
      const { cash, fees } = paid.get(one.order) ?? { cash: 0n, fees: 0n };
      const paper = sign * worth(filled, decisionPrice);
      const missed = sign * (worth(missing, endPrice) - worth(missing, decisionPrice));
      expect(one.total).toBe(cash + fees - paper + missed);
      expect(one.delay + one.execution + one.fees + one.opportunity).toBe(one.total);
    }
  };
  fc.assert(fc.property(seeds, property), { numRuns: 40, seed: 20_261_121 });
});

/** Money that left the account for each order and its parts, fees apart: out is positive. */
function paidBy({ markets }: Engine, events: readonly LedgerEvent[]): Map<number, { cash: bigint; fees: bigint }> {
  const begun = new Map(events.filter(({ kind }) => kind === 'OrderInitialized').map((event) => [event.order, event]));
  const wholes = new Map(
    events.filter(({ kind }) => kind === 'ChildCarved').map(({ order, parent }) => [order, parent]),
  );
  const paid = new Map<number, { cash: bigint; fees: bigint }>();
  for (const event of events.filter(({ kind }) => kind === 'OrderFilled')) {
    const { instrument, side } = begun.get(event.order) as LedgerEvent;
    const { numerator, divisor } = markets[instrument as number];
    const scaled = BigInt(String(event.quantity)) * BigInt(String(event.price)) * BigInt(numerator);
    const down = scaled / BigInt(divisor);
    const up = down * BigInt(divisor) === scaled ? down : down + 1n;
    const of = (wholes.get(event.order) ?? event.order) as number;
    const before = paid.get(of) ?? { cash: 0n, fees: 0n };
    paid.set(of, { cash: before.cash + (side === 'buy' ? up : -down), fees: before.fees + BigInt(String(event.fee)) });
  }
  return paid;
}
