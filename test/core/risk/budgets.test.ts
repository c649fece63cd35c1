/** Limits of an instance that its accounts share: the account's own part at its threshold, and the book of all parts. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  BUDGETS,
  type Budget,
  type BudgetBook,
  EMPTY_BOOK,
  type Grants,
  left,
  type PendingGrant,
  partOf,
  underTotals,
  withPart,
} from '../../../core/risk/budgets.ts';
import { grant } from '../../../core/risk/grant.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import {
  account,
  bars,
  open,
  type Played,
  playedOf,
  type Row,
  running,
  runStep,
  scripted,
  stepsOf,
} from '../engine/account.ts';
import { restored } from '../engine/states.ts';
import { type Answers, both, buy, CALM, target, WIDE } from '../execution/trade.ts';
import { CODES_OF_BUDGETS, denials as denialsOf } from './support.ts';

const reached = new Set<unknown>();

function denials(played: Played): unknown[] {
  const found = denialsOf(played) as unknown[][];
  for (const [code] of found) if (CODES_OF_BUDGETS.includes(code as never)) reached.add(code);
  return found;
}

afterAll(() => {
  expect([...reached].sort()).toEqual([...CODES_OF_BUDGETS].sort());
});

function under(
  budgets: readonly Budget[],
  grants: Grants,
  answers: Answers,
  rows: Row[],
  limits: LimitsInput = {},
): Played {
  const script = scripted((_, bar) => answers[bar] as never);
  const definition = account({ strategies: [running(script)], limits: { ...WIDE, oversize: 'deny', ...limits } });
  const engine = open({ ...definition, budgets });
  for (const budget of BUDGETS) {
    const amount = grants[budget];
    if (amount !== undefined) grant(engine, budget, amount, 'ada', 'a part');
  }
  for (const step of stepsOf(engine, new Map([['A/USD', bars(rows)]]))) runStep(engine, step);
  return playedOf(engine);
}

describe('an account', () => {
  const calm: Row[] = [CALM, CALM, CALM];

  test('may be exposed by what it was granted, and by no more than its own limit', () => {
    const five = { 0: buy({ quantity: 5 }) };
    expect(denials(under(['grossExposure'], { grossExposure: 50_000 }, five, calm))).toEqual([]);
    expect(denials(under(['grossExposure'], { grossExposure: 49_999 }, five, calm))).toEqual([
      ['BUDGET_EXCEEDED', 49_999, 50_000],
    ]);
    const own = { budget: 499 };
    expect(denials(under(['grossExposure'], { grossExposure: 50_000 }, five, calm, own))).toEqual([
      ['BUDGET_EXCEEDED', 49_900, 50_000],
    ]);
  });

  test('opens nothing where it was granted nothing of what the instance shares out, and closes what it has', () => {
    const played = under(BUDGETS, {}, { 0: buy({ quantity: 1 }) }, calm);
    expect(denials(played)).toEqual([['DAILY_LOSS_BUDGET_EXCEEDED', 0, 0]]);
    expect(denials(under([], {}, { 0: buy({ quantity: 1 }) }, calm))).toEqual([]);
    const script = scripted((_, bar) => (bar === 0 ? buy({ quantity: 1 }) : bar === 1 ? target(0) : undefined));
    const definition = { ...account({ strategies: [running(script)], limits: WIDE }), budgets: BUDGETS };
    const engine = open(definition);
    for (const [k, budget] of BUDGETS.entries()) grant(engine, budget, [100_000, 1, 10][k], 'ada', 'a part');
    stepsOf(engine, new Map([['A/USD', bars([CALM, CALM, CALM, CALM])]])).forEach((step, k) => {
      if (k === 1) for (const budget of BUDGETS) grant(engine, budget, 0, 'ada', 'taken away');
      runStep(engine, step);
    });
    expect(playedOf(engine).fills.map(({ side }) => side)).toEqual(['buy', 'sell']);
  });

  test('opens nothing more on a day on which it has lost its part', () => {
    // Ten fall by 10.00 each: 100.00 are lost.
    const rows: Row[] = [CALM, [100, 100, 90, 90], [90, 90, 90, 90], [90, 90, 90, 90]];
    const answers = { 0: buy({ quantity: 10 }), 2: buy({ quantity: 1 }) };
    expect(denials(under(['dailyLoss'], { dailyLoss: 10_001 }, answers, rows))).toEqual([]);
    expect(denials(under(['dailyLoss'], { dailyLoss: 10_000 }, answers, rows))).toEqual([
      ['DAILY_LOSS_BUDGET_EXCEEDED', 10_000, 10_000],
    ]);
  });

  test('gives so many orders a minute', () => {
    const three = {
      0: both(buy({ quantity: 1 }), buy({ quantity: 1 }), buy({ quantity: 1 })),
      1: buy({ quantity: 1 }),
    };
    expect(denials(under(['orderRate'], { orderRate: 3 }, three, calm))).toEqual([]);
    expect(denials(under(['orderRate'], { orderRate: 2 }, three, calm))).toEqual([
      ['ORDER_RATE_BUDGET_EXCEEDED', 2, 2],
    ]);
  });

  test('keeps its part, and its ledger says who moved it and why', () => {
    const played = under(['grossExposure'], { grossExposure: 50_000 }, {}, calm);
    expect(played.of('BudgetGranted').map(({ body }) => body)).toEqual([
      { budget: 'grossExposure', from: '0', amount: '50000', by: 'ada', reason: 'a part' },
    ]);
    expect(restored(played.engine.definition, played.engine).grants).toEqual({ grossExposure: 50_000 });
  });
});

test('a part that is moved again says from what, and leaves the parts of other budgets', () => {
  const engine = open(account({ strategies: [running(scripted(() => undefined))] }));
  grant(engine, 'orderRate', 3, 'ada', 'a part');
  grant(engine, 'dailyLoss', 500, 'ada', 'a part');
  grant(engine, 'dailyLoss', 200, 'bob', 'less');
  expect(engine.grants).toEqual({ orderRate: 3, dailyLoss: 200 });
  expect(playedOf(engine).of('BudgetGranted').at(-1)?.body).toEqual({
    budget: 'dailyLoss',
    from: '500',
    amount: '200',
    by: 'bob',
    reason: 'less',
  });
});

describe('the book of an instance', () => {
  const book: BudgetBook = { ...EMPTY_BOOK, totals: { grossExposure: 0.3, orderRate: 10 } };
  const pending = (amount: number): PendingGrant => ({
    amount,
    key: 'k',
    fingerprint: '',
    by: { id: 'ada', name: 'ada' },
    reason: 'a part',
  });

  test('has no more parts than there is, to the last decimal', () => {
    const two = withPart(withPart(book, 'grossExposure', 'a', { granted: 0.1 }), 'grossExposure', 'b', {
      granted: 0.2,
    });
    expect(left(two, 'grossExposure')).toBe(0);
    expect(() => withPart(two, 'grossExposure', 'c', { granted: 0.000001 })).toThrow(
      /grant at most 0\b|would be more/i,
    );
    expect(() => withPart(two, 'grossExposure', 'b', { granted: 0.200001 })).toThrow('would be more');
    expect(withPart(two, 'orderRate', 'c', { granted: 10 }).parts.orderRate).toEqual({ c: { granted: 10 } });
    expect(() => withPart(two, 'dailyLoss', 'c', { granted: 1 })).toThrow('would be more');
  });

  test('counts the larger of what was granted and what it is being changed to', () => {
    const more = withPart(book, 'grossExposure', 'a', { granted: 0.1, pending: pending(0.25) });
    expect(left(more, 'grossExposure')).toBe(0.05);
    const less = withPart(book, 'grossExposure', 'a', { granted: 0.25, pending: pending(0.1) });
    expect(left(less, 'grossExposure')).toBe(0.05);
    const done = withPart(less, 'grossExposure', 'a', { granted: 0.1 });
    expect([left(done, 'grossExposure'), partOf(done, 'grossExposure', 'a')]).toEqual([0.2, { granted: 0.1 }]);
  });

  test('takes no total below what is granted, and lets parts be lowered at all times', () => {
    const granted = withPart(book, 'grossExposure', 'a', { granted: 0.3 });
    expect(() => underTotals(granted, { grossExposure: 0.299999 })).toThrow('have been granted more');
    expect(underTotals(granted, { grossExposure: 0.3 }).totals).toEqual({ grossExposure: 0.3 });
    const gone = underTotals(granted, {});
    expect(withPart(gone, 'grossExposure', 'a', { granted: 0.2 }).parts.grossExposure).toEqual({ a: { granted: 0.2 } });
  });
});
