import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runBacktest } from '../../../../core/backtest/run.ts';
import { answerIntents, isRiskDue, reconcile, risk, signal, submitIntents } from '../../../../core/cycle.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import type { LedgerEvent } from '../../../../core/ledger/events.ts';
import { LedgerFold } from '../../../../core/ledger/fold.ts';
import { halt } from '../../../../core/risk/kill-switch.ts';
import { ingest, open, runStep, type Step, stepsOf } from '../../engine/account.ts';
import { restored, snapshotOf, stateOf, stateOfFold } from '../../engine/states.ts';
import { workedAccount } from './worked-account.ts';

const BARS = 90;
const PATIENT_BARS = 300;
const TIMEOUT_MS = 300_000;
const seeds = fc.integer({ min: 1, max: 2 ** 30 });
const check = (property: (seed: number) => void, numRuns = 60): void =>
  fc.assert(fc.property(seeds, property), { numRuns, seed: 20_261_121 });

function walk(
  seed: number,
  each: (engine: Engine, step: Step, index: number) => void,
  account = workedAccount(seed, BARS),
): Engine {
  const engine = open(account.definition);
  stepsOf(engine, account.bars).forEach((step, index) => {
    each(engine, step, index);
  });
  return engine;
}

/** What of an order has been asked for, in its own measure, and what its fills have used up of it. */
class Ordered {
  readonly parts: Ordered[] = [];
  readonly isBudget: boolean;
  readonly total: number;
  used = 0;
  isOver = false;

  constructor({ budget, quantity }: LedgerEvent) {
    this.isBudget = Number(budget) > 0;
    this.total = Number(this.isBudget ? budget : quantity);
  }

  get committed(): number {
    return this.isOver ? this.used : Math.max(this.total, this.used);
  }
}

/** Orders read from the events alone, by simple sums. */
function ordersOf(events: Iterable<LedgerEvent>, each: (orders: Map<unknown, Ordered>) => void): void {
  const orders = new Map<unknown, Ordered>();
  const sides = new Map<unknown, unknown>();
  for (const event of events) {
    const order = orders.get(event.order);
    if (event.kind === 'OrderInitialized') {
      orders.set(event.order, new Ordered(event));
      sides.set(event.order, event.side);
    }
    if (event.kind === 'ChildCarved') orders.get(event.parent)?.parts.push(order as Ordered);
    if (event.kind === 'OrderFilled' && order && !order.isBudget) order.used += Number(event.quantity);
    if (order && (event.complete || /Canceled|Expired|Rejected/.test(event.kind))) order.isOver = true;
    each(orders);
  }
}

describe('an account whose orders are worked by algorithms', { timeout: TIMEOUT_MS }, () => {
  test('has after every cycle the cash, positions, orders and reservations that its events fold to', () => {
    check((seed) => {
      const folded = new LedgerFold();
      walk(seed, (engine, step) => {
        runStep(engine, step);
        for (const event of engine.journal.drain()) expect([event, folded.apply(event)]).toEqual([event, undefined]);
        expect(stateOfFold(folded, engine)).toEqual(stateOf(engine));
        expect(engine.algorithms).toBe(folded.workingOrders().filter(({ isParent }) => isParent).length);
      });
    });
  });

  test('never has parts out and filled that come to more than the order', () => {
    check((seed) => {
      const engine = walk(seed, runStep);
      ordersOf(engine.journal.events(), (orders) => {
        for (const { parts, total, isBudget } of orders.values()) {
          if (parts.length === 0 || isBudget) continue;
          const sum = parts.reduce((all, part) => all + part.committed, 0);
          if (sum > total) expect([sum, total]).toBe('at most the whole');
        }
      });
    });
  });

  test('never reserves below zero, nor for an order more than its parts and it were given', () => {
    check((seed) => {
      walk(seed, (engine, step) => {
        runStep(engine, step);
        for (const market of engine.markets) {
          for (const order of [...market.orders, ...market.held]) {
            expect(Math.min(order.reserved, order.exposure)).toBeGreaterThanOrEqual(0);
            const isSpotBudget = !market.isPerpetual && order.side === 'buy' && order.budget > 0;
            if (isSpotBudget) expect(order.reserved).toBeLessThanOrEqual(order.budget);
          }
        }
      });
    });
  });

  test('sends nothing after a halt', () => {
    check((seed) => {
      const { definition, bars } = workedAccount(seed, BARS);
      const engine = open(definition);
      const steps = stepsOf(engine, bars);
      const at = seed % steps.length;
      let halted = Number.POSITIVE_INFINITY;
      steps.forEach((step, index) => {
        ingest(engine, step);
        reconcile(engine);
        signal(engine);
        if (isRiskDue(engine)) risk(engine);
        // Between risk and execute: what has passed risk is not sent either.
        if (index === at) {
          halt(engine, 'a test');
          halted = engine.journal.sequence;
        }
        submitIntents(engine);
        answerIntents(engine);
      });
      const after = [...engine.journal.events()].slice(halted);
      const liquidations = after.filter(({ purpose }) => purpose === 'liquidation').map(({ order }) => order);
      const sent = ['OrderInitialized', 'ChildCarved', 'AlgorithmStarted', 'OrderSubmitted', 'OrderAccepted'];
      expect(after.filter(({ kind, order }) => sent.includes(kind) && !liquidations.includes(order))).toEqual([]);
      expect([engine.algorithms, engine.workingOrders, engine.reservedCash]).toEqual([0, 0, 0]);
    });
  });

  test('goes on from a checkpoint of any step to the same ledger, byte for byte', () => {
    check((seed) => {
      const { definition, bars } = workedAccount(seed, BARS);
      const whole = open(definition);
      let engine = open(definition);
      stepsOf(engine, bars).forEach((step, index) => {
        runStep(whole, step);
        ingest(engine, step);
        reconcile(engine);
        signal(engine);
        if (index % 3 === 0) {
          const { proposals } = engine;
          engine = restored(definition, engine);
          engine.proposals = proposals;
        }
        if (isRiskDue(engine)) risk(engine);
        if (index % 5 === 0) engine = restored(definition, engine);
        submitIntents(engine);
        if (index % 7 === 0) engine = restored(definition, engine);
        answerIntents(engine);
        expect([index, engine.journal.head()]).toEqual([index, whole.journal.head()]);
      });
    }, 30);
  });

  test('writes one ledger whether bars come one by one or as whole columns', () => {
    check((seed) => {
      const { definition, bars } = workedAccount(seed, BARS);
      const backtest = runBacktest(definition, bars).engine;
      const live = walk(seed, runStep);
      expect([...live.journal.events()]).toEqual([...backtest.journal.events()]);
      expect(live.journal.head()).toBe(backtest.journal.head());
    });
  });

  test('writes one ledger, and has one equity, whether bars in which nothing happens are passed over or not', () => {
    check((seed) => {
      const patient = workedAccount(seed, PATIENT_BARS, true);
      const backtest = runBacktest(patient.definition, patient.bars);
      const equity: number[] = [];
      const live = walk(
        seed,
        (engine, step) => {
          runStep(engine, step);
          equity.push(engine.equity);
        },
        patient,
      );
      expect([...live.journal.events()]).toEqual([...backtest.engine.journal.events()]);
      expect([...backtest.equity]).toEqual(equity);
      expect(snapshotOf(backtest.engine)).toEqual(snapshotOf(live));
    }, 60);
  });

  test('reaches every algorithm and every end', () => {
    const kinds = new Map<string, number>();
    const count = (name: string): void => void kinds.set(name, (kinds.get(name) ?? 0) + 1);
    for (let seed = 1; seed <= 60; seed++) {
      const engine = walk(seed, runStep);
      const parents = new Set<unknown>();
      for (const { kind, body, order, parent } of engine.journal.events()) {
        if (kind === 'AlgorithmSet') {
          const set = body as { order: number; algorithm: { kind: string } };
          parents.add(set.order);
          count(set.algorithm.kind);
        }
        if (kind === 'ChildCarved') count(`part of ${parents.has(parent)}`);
        if (kind === 'ParentFilled') count('filled');
        if (kind === 'OrderCanceled' && parents.has(order)) count('canceled');
      }
    }
    for (const name of ['twap', 'vwap', 'iceberg', 'peg', 'part of true', 'filled', 'canceled'])
      expect(kinds.get(name) ?? 0, name).toBeGreaterThan(20);
  });
});
