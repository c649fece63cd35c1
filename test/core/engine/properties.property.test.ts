import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runBacktest } from '../../../core/backtest/run.ts';
import { answerIntents, execute, reconcile, risk, signal, submitIntents } from '../../../core/cycle.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import { exposures } from '../../../core/engine/measure.ts';
import { LedgerFold } from '../../../core/ledger/fold.ts';
import { ingest, open, runStep, type Step, stepsOf } from './account.ts';
import { randomAccount } from './random-account.ts';
import { restored, snapshotOf, stateOf, stateOfFold } from './states.ts';

const RUNS = 150;
/** Of the properties that restore an account again and again. */
const FEWER_RUNS = 60;
/** A bound for a hung run; the whole file takes seconds. */
const TIMEOUT_MS = 300_000;
const BARS = 90;
const PATIENT_BARS = 300;
const seeds = fc.integer({ min: 1, max: 2 ** 30 });
const check = (property: (seed: number) => void, numRuns = RUNS): void =>
  fc.assert(fc.property(seeds, property), { numRuns, seed: 20_231_113 });

/** Cycle by cycle, with a look at the account after each step. */
function walk(
  seed: number,
  each: (engine: Engine, step: Step, index: number) => void,
  { definition, bars } = randomAccount(seed, BARS),
): Engine {
  const engine = open(definition);
  stepsOf(engine, bars).forEach((step, index) => {
    each(engine, step, index);
  });
  return engine;
}

describe('any account on any bars', { timeout: TIMEOUT_MS }, () => {
  test('has after every cycle the cash, positions, orders and reservations that its events fold to', () => {
    check((seed) => {
      const folded = new LedgerFold();
      walk(seed, (engine, step) => {
        runStep(engine, step);
        for (const event of engine.journal.drain()) expect([event, folded.apply(event)]).toEqual([event, undefined]);
        expect(stateOfFold(folded, engine)).toEqual(stateOf(engine));
      });
    });
  });

  test('never reserves below zero, and has no cash below zero on spot without shorts', () => {
    check((seed) => {
      walk(seed, (engine, step) => {
        runStep(engine, step);
        expect(engine.reservedCash).toBeGreaterThanOrEqual(0);
        for (const market of engine.markets) {
          expect(Math.min(market.reservedBuys, market.reservedSells)).toBeGreaterThanOrEqual(0);
          for (const order of [...market.orders, ...market.held])
            expect(Math.min(order.reserved, order.exposure)).toBeGreaterThanOrEqual(0);
        }
        const isPlain = !engine.definition.limits.allowShort && engine.markets.every((market) => !market.isPerpetual);
        if (isPlain) expect(engine.cash).toBeGreaterThanOrEqual(0);
        if (!engine.definition.limits.allowShort)
          for (const held of engine.positions) expect(held.quantity).toBeGreaterThanOrEqual(0);
      });
    });
  });

  test('is within its gross exposure whenever an order that may raise it has passed risk', () => {
    check((seed) => {
      walk(seed, (engine, step) => {
        ingest(engine, step);
        reconcile(engine);
        signal(engine);
        // Prices may have carried what is held past the limit; an order never does.
        const before = exposures(engine).gross;
        const limit = Math.floor(engine.definition.limits.maxGrossExposure * engine.equity);
        risk(engine);
        expect(exposures(engine).gross).toBeLessThanOrEqual(Math.max(limit, before));
        execute(engine);
      });
    });
  });

  test('goes on from a checkpoint of any cycle to the same ledger, byte for byte', () => {
    check((seed) => {
      const { definition, bars } = randomAccount(seed, BARS);
      let engine = open(definition);
      const steps = stepsOf(engine, bars);
      const whole = open(definition);
      steps.forEach((step, index) => {
        runStep(whole, step);
        runStep(engine, step);
        expect([index, engine.journal.head(), engine.equity]).toEqual([index, whole.journal.head(), whole.equity]);
        if ((seed + index) % 3 === 0) engine = restored(definition, engine);
      });
    }, FEWER_RUNS);
  });

  test('goes on from a checkpoint between risk and submission, and between submission and answer', () => {
    check((seed) => {
      const { definition, bars } = randomAccount(seed, BARS);
      const whole = open(definition);
      let engine = open(definition);
      stepsOf(engine, bars).forEach((step, index) => {
        runStep(whole, step);
        ingest(engine, step);
        reconcile(engine);
        signal(engine);
        risk(engine);
        if (index % 5 === 0) engine = restored(definition, engine);
        submitIntents(engine);
        if (index % 7 === 0) engine = restored(definition, engine);
        answerIntents(engine);
        expect([index, engine.journal.head()]).toEqual([index, whole.journal.head()]);
      });
    }, FEWER_RUNS);
  });

  test('writes one ledger whether bars come one by one or as whole columns', () => {
    check((seed) => {
      const { definition, bars } = randomAccount(seed, BARS);
      const backtest = runBacktest(definition, bars).engine;
      const live = walk(seed, runStep);
      expect([...live.journal.events()]).toEqual([...backtest.journal.events()]);
      expect(live.journal.head()).toBe(backtest.journal.head());
    });
  });

  test('writes one ledger, and has one equity, whether bars in which nothing happens are passed over or not', () => {
    check((seed) => {
      const patient = randomAccount(seed, PATIENT_BARS, true);
      const backtest = runBacktest(patient.definition, patient.bars);
      const equity: number[] = [];
      const times: number[] = [];
      const live = walk(
        seed,
        (engine, step) => {
          runStep(engine, step);
          equity.push(engine.equity);
          times.push(engine.time);
        },
        patient,
      );
      expect([...live.journal.events()]).toEqual([...backtest.engine.journal.events()]);
      expect([...backtest.times]).toEqual(times);
      expect([...backtest.equity]).toEqual(equity);
      expect(stateOf(backtest.engine)).toEqual(stateOf(live));
      expect(snapshotOf(backtest.engine)).toEqual(snapshotOf(live));
    });
  });
});

describe('the random accounts', () => {
  test('reach what the properties speak of', () => {
    const kinds = new Map<string, number>();
    const fillTypes = new Set<unknown>();
    for (let seed = 1; seed <= 60; seed++) {
      const engine = walk(seed, runStep);
      const types = new Map<unknown, unknown>();
      for (const event of engine.journal.events()) {
        kinds.set(event.kind, (kinds.get(event.kind) ?? 0) + 1);
        if (event.kind === 'OrderInitialized') types.set(event.order, `${event.type} ${event.purpose}`);
        if (event.kind === 'OrderFilled') fillTypes.add(types.get(event.order));
      }
    }
    for (const kind of [
      'OrderActivated',
      'OrderTriggered',
      'OrderExpired',
      'OrderRejected',
      'OrderDenied',
      'FundingSettled',
      'BorrowCharged',
      'StrategyFailed',
      'TradingStateChanged',
      'OrderSized',
      'TimeStopSet',
      'StopMoved',
    ]) {
      expect([kind, kinds.get(kind) ?? 0]).toEqual([kind, expect.any(Number)]);
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(5);
    }
    for (const fill of [
      'market entry',
      'limit entry',
      'stop entry',
      'stop-limit entry',
      'trailing-stop entry',
      'stop stop-loss',
      'trailing-stop stop-loss',
      'limit take-profit',
      'market liquidation',
    ]) {
      expect(fillTypes, fill).toContain(fill);
    }
  });
});
