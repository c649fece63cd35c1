/** The invariants themselves: each lets pass what holds, and names what does not. */
import { describe, expect, test } from 'vitest';
import { definitionOf } from '../../core/configuration/definition.ts';
import { type LedgerEvent, NUMERIC_EVENTS } from '../../core/ledger/events.ts';
import { LedgerFold } from '../../core/ledger/fold.ts';
import type { AccountState } from '../../functions/steps/account-state.ts';
import {
  conserves,
  decidedOnce,
  type FoldView,
  haltEndsOrders,
  nothingSentAfterHalt,
  withinLimits,
} from '../../simulation/invariants/account.ts';
import { scenarioOf } from '../../simulation/scenario.ts';
import { Shadow } from '../../simulation/shadow.ts';
import { simulatedStrategies } from '../../simulation/strategies.ts';

/** Its accounts are paper accounts. */
const PAPER_SEED = 3;
const { configurations, instruments } = scenarioOf(PAPER_SEED);
const [configuration] = configurations;
const definition = definitionOf({
  configuration,
  account: configuration.accounts[0],
  instruments,
  provenance: 'simulated',
  registry: simulatedStrategies,
  openedAt: 1_000,
});
const CASH = BigInt(definition.cash);
const LIMITS = { ...definition.limits, maxGrossExposure: 0.5, maxNetExposure: 0.5, maxOrderNotional: 4_000 };
const MONEY_SCALE = 10_000;

const event = (kind: keyof typeof NUMERIC_EVENTS, fields: object): LedgerEvent => ({
  kind,
  version: NUMERIC_EVENTS[kind].version,
  cycle: 2_000,
  ...fields,
});

/** An account with one buying order that may come to `exposure` money, and the state that goes with it. */
function withOrder(exposure: number, fields: object = {}): { fold: LedgerFold; view: FoldView; state: AccountState } {
  const fold = new LedgerFold();
  for (const opened of new Shadow(definition).open()) fold.apply(opened as unknown as LedgerEvent);
  const order = {
    order: 1,
    instrument: 0,
    strategy: 0,
    side: 'buy',
    type: 'limit',
    purpose: 'entry',
    reduceOnly: false,
  };
  fold.apply(
    event('OrderInitialized', {
      ...{ timeInForce: 'gtc', postOnly: false, reduced: false, offsetBps: 0, reason: 0, parent: 0, group: 0 },
      ...{ quantity: '10', budget: '0', price: '10000', trigger: '0', reference: '10000', reserved: '0' },
      ...order,
      exposure: String(exposure),
      ...fields,
    }),
  );
  const markets = instruments.map(() => ({ lastPrice: 10_000, mark: 0, orders: [], held: [] }));
  const engine = { cash: definition.cash, markets, tradingState: 'Active', positions: [], intents: [] };
  const state = { cursor: { cycle: 2_000, next: 'settled' }, engine } as unknown as AccountState;
  return { fold, view: { fold, account: fold.account, working: fold.workingOrders() }, state };
}

describe('a cycle is decided once', () => {
  test.each([
    ['goes on to the next step', { cycle: 1, next: 'signal' }, { cycle: 1, next: 'risk' }, true],
    ['settles early', { cycle: 1, next: 'signal' }, { cycle: 1, next: 'settled' }, true],
    ['stays where it is under a command', { cycle: 1, next: 'risk' }, { cycle: 1, next: 'risk' }, true],
    ['begins after one that is settled', { cycle: 1, next: 'settled' }, { cycle: 2, next: 'signal' }, true],
    ['goes back a step', { cycle: 1, next: 'risk' }, { cycle: 1, next: 'signal' }, false],
    ['is taken up again', { cycle: 1, next: 'settled' }, { cycle: 1, next: 'signal' }, false],
    ['begins while another is at work', { cycle: 1, next: 'risk' }, { cycle: 2, next: 'signal' }, false],
    ['is older than the last', { cycle: 2, next: 'settled' }, { cycle: 1, next: 'signal' }, false],
  ] as const)('where it %s', (_, before, after, holds) => {
    expect(decidedOnce(before, after) === undefined).toBe(holds);
  });
});

describe('cash conserves', () => {
  test('to the last unit', () => {
    const { view } = withOrder(0);
    expect(conserves(view, CASH)).toBeUndefined();
    expect(conserves(view, CASH - 1n)).toContain(`${CASH}`);
  });
});

describe('limits', () => {
  const opened = new Set([1]);

  test('hold for an order that fits, and not for one that does not', () => {
    const fits = withOrder(3_900 * MONEY_SCALE);
    expect(withinLimits(fits.view, fits.state, LIMITS, MONEY_SCALE, opened)).toBeUndefined();
    const exceeds = withOrder(5_001 * MONEY_SCALE);
    expect(withinLimits(exceeds.view, exceeds.state, LIMITS, MONEY_SCALE, opened)).toMatch(/^gross exposure/);
    const tooLarge = withOrder(4_001 * MONEY_SCALE);
    expect(withinLimits(tooLarge.view, tooLarge.state, LIMITS, MONEY_SCALE, opened)).toMatch(/^order 1/);
  });

  test('are not held against an order of before', () => {
    const { view, state } = withOrder(5_001 * MONEY_SCALE);
    expect(withinLimits(view, state, LIMITS, MONEY_SCALE, new Set([2]))).toBeUndefined();
  });
});

describe('a halt', () => {
  const submitted = event('OrderSubmitted', { order: 1 });
  const changed = (to: string): LedgerEvent =>
    event('TradingStateChanged', { from: 'Active', to, reason: 0, equity: '0' });

  test('lets no order be sent until trading is resumed', () => {
    const { fold } = withOrder(1);
    expect(nothingSentAfterHalt([submitted], 'Active', fold)).toBeUndefined();
    expect(nothingSentAfterHalt([submitted], 'Halted', fold)).toContain('order 1');
    expect(nothingSentAfterHalt([changed('Halted'), submitted], 'Active', fold)).toContain('order 1');
    expect(nothingSentAfterHalt([changed('Active'), submitted], 'Halted', fold)).toBeUndefined();
    expect(nothingSentAfterHalt([submitted], 'Reducing', fold)).toContain('only reduced');
  });

  test('lets a venue liquidate', () => {
    const { fold } = withOrder(0, { purpose: 'liquidation', reduceOnly: true });
    expect(nothingSentAfterHalt([submitted], 'Halted', fold)).toBeUndefined();
  });

  test('leaves no order at work, and none to be sent once its cycle is over', () => {
    const { view, state, fold } = withOrder(1);
    expect(haltEndsOrders(view, state)).toBeUndefined();
    fold.account.tradingState = 'Halted';
    expect(haltEndsOrders(view, state)).toContain('order 1');
    expect(haltEndsOrders(view, { ...state, cursor: { cycle: 2_000, next: 'execute' } })).toBeUndefined();
  });
});
