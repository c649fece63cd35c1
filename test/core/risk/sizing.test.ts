/** Sizing methods at work: what an account configures makes its opening orders smaller, and shows why. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { definitionOf } from '../../../core/configuration/definition.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import { Order } from '../../../core/execution/order.ts';
import { passOpening } from '../../../core/risk/opening.ts';
import { type SizingInput, sizingSchema } from '../../../core/risk/sizing-rules.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import {
  type AccountFields,
  account,
  bars,
  open,
  type Played,
  play,
  playedOf,
  type Row,
  running,
  runStep,
  START,
  scripted,
  spot,
  stepsOf,
} from '../engine/account.ts';
import { generator, randomAccount } from '../engine/random-account.ts';
import { type Answers, buy, CALM, sell, target, trade, WIDE } from '../execution/trade.ts';
import { CODES_OF_SIZING, denials as denialsOf } from './support.ts';

const reached = new Set<unknown>();

function denials(played: Played): unknown[] {
  const found = denialsOf(played);
  for (const [code] of found as unknown[][]) if (CODES_OF_SIZING.includes(code as never)) reached.add(code);
  return found;
}

afterAll(() => {
  expect([...reached].sort()).toEqual([...CODES_OF_SIZING].sort());
});

/** Rows of 100.00 with 10,000 of cash, unless a test says otherwise. */
const sizedBy = (
  sizing: SizingInput | undefined,
  answers: Answers,
  rows: readonly Row[] = [CALM, CALM, CALM],
  fields: Partial<AccountFields> = {},
): Played => trade(answers, rows, { limits: { ...WIDE, allowShort: true }, ...(sizing ? { sizing } : {}), ...fields });

interface Sized {
  readonly order: number | null;
  readonly fraction: number;
  readonly method: string | null;
  readonly base: string;
  readonly used: string;
  readonly room: string;
  readonly candidates: readonly { readonly method: string; readonly fraction: number; readonly because: string }[];
}

const sizes = (played: Played): Sized[] => played.of('OrderSized').map(({ body }) => body as Sized);
const fractions = (played: Played): unknown[] =>
  sizes(played).map(({ candidates }) => candidates.map(({ method, fraction }) => [method, fraction]));
const flat = (count: number): Row[] => Array.from({ length: count }, () => [100, 100, 100, 100]);
/** Up by a hundredth and back, again and again. */
const wave = (count: number, high = 101): Row[] =>
  Array.from({ length: count }, (_, k) => (k % 2 === 0 ? [100, 100, 100, 100] : [high, high, high, high]));

/** Sample deviation of the returns of such a wave, of which as many go up as down. */
function waveDeviation(returns: number, high = 101): number {
  const [up, down] = [high / 100 - 1, 100 / high - 1];
  const mean = (up + down) / 2;
  return Math.sqrt((returns / 2 / (returns - 1)) * ((up - mean) ** 2 + (down - mean) ** 2));
}

describe('without methods', () => {
  test('an order is as large as it is asked for, and nothing is written about its size', () => {
    const played = sizedBy(undefined, { 0: buy({ exposure: 0.7 }) });
    expect(played.fills).toMatchObject([{ quantity: 70 }]);
    expect(sizes(played)).toEqual([]);
  });

  test('as where none of them is set', () => {
    const played = sizedBy({}, { 0: buy({ exposure: 0.7 }) });
    expect(played.fills).toMatchObject([{ quantity: 70 }]);
    expect(sizes(played)).toEqual([]);
  });
});

describe('a fixed fraction', () => {
  const sizing = { fixedFraction: { fraction: 0.2 } };

  test('makes an order smaller that asks for more, and leaves one that asks for less', () => {
    const larger = sizedBy(sizing, { 0: buy({ exposure: 1 }) });
    expect(larger.fills).toMatchObject([{ quantity: 20 }]);
    expect(larger.of('OrderInitialized')).toMatchObject([{ reduced: true }]);
    expect(sizes(larger)).toMatchObject([
      { order: 1, fraction: 0.2, method: 'fixed-fraction', base: '1000000', used: '0', room: '200000' },
    ]);
    const smaller = sizedBy(sizing, { 0: buy({ exposure: 0.2 }) });
    expect(smaller.of('OrderInitialized')).toMatchObject([{ reduced: false }]);
    expect(sizedBy(sizing, { 0: buy({ quantity: 30 }) }).fills).toMatchObject([{ quantity: 20 }]);
    expect(sizedBy(sizing, { 0: target(-1) }).fills).toMatchObject([{ side: 'sell', quantity: 20 }]);
  });

  test('counts what is held and what is on its way', () => {
    const resting = buy({ type: 'limit', quantity: 5, price: 90 });
    const played = sizedBy(sizing, { 0: [buy({ quantity: 10 }), resting] as Decision, 1: buy({ quantity: 10 }) });
    // 1,000 held and 450 working leave 550.
    expect(played.fills.map(({ quantity }) => quantity)).toEqual([10, 5.5]);
    const twice = sizedBy(sizing, { 0: [buy({ quantity: 15 }), buy({ quantity: 15 })] as Decision });
    expect(twice.fills.map(({ quantity }) => quantity)).toEqual([15, 5]);
    // What works on the other side takes nothing of this one.
    const other = sell({ type: 'limit', quantity: 10, price: 120 });
    expect(sizedBy(sizing, { 0: other, 1: buy({ quantity: 30 }) }).fills).toMatchObject([{ quantity: 20 }]);
    const full = sizedBy(sizing, { 0: buy({ quantity: 20 }), 1: buy({ quantity: 1 }) });
    expect(denials(full)).toEqual([['SIZE_EXCEEDED', 200_000, 210_000]]);
    expect(sizes(full)[1]).toMatchObject({ order: null, used: '200000', room: '0' });
  });

  test('is of what the strategy may use, and cuts also where too large orders are denied', () => {
    const script = scripted((_, bar) => (bar === 0 ? buy({ quantity: 40 }) : undefined));
    const fields = {
      strategies: [running(script, { allocation: 0.5 })],
      limits: { ...WIDE, oversize: 'deny' },
    } as const;
    const { fills } = play(account({ ...fields, sizing }), bars(flat(3)));
    expect(fills).toMatchObject([{ quantity: 10 }]);
  });

  test('stands in the way of no order that closes', () => {
    const played = sizedBy(sizing, { 0: buy({ quantity: 20 }), 1: target(0) }, flat(4));
    expect(played.fills.map(({ side, quantity }) => [side, quantity])).toEqual([
      ['buy', 20],
      ['sell', 20],
    ]);
    expect(sizes(played)).toHaveLength(1);
  });
});

describe('a target of volatility', () => {
  const sizing = { volatilityTarget: { daily: 0.05, bars: 10 } };
  const expected = 0.05 / (waveDeviation(10) * Math.sqrt(1_440));

  test('takes the deviation of the last closes', () => {
    const played = sizedBy(sizing, { 10: buy({ exposure: 1 }) }, wave(13));
    expect(sizes(played)[0].fraction).toBeCloseTo(expected, 12);
    expect(expected).toBeCloseTo(0.1256, 4);
    expect(played.fills).toMatchObject([{ quantity: 12.437 }]);
    // What came before those bars does not matter.
    const calm = [...flat(9), ...wave(11)];
    expect(sizes(sizedBy(sizing, { 19: buy({ exposure: 1 }) }, calm))[0].fraction).toBeCloseTo(expected, 12);
  });

  test('opens nothing before it has its bars, or so much as is declared for then', () => {
    const early = sizedBy(sizing, { 9: buy({ exposure: 1 }) }, wave(13));
    expect(denials(early)).toEqual([['SIZING_HISTORY_MISSING', 10, 9]]);
    const declared = sizedBy({ ...sizing, warmUpFraction: 0.03 }, { 9: buy({ exposure: 1 }) }, wave(13));
    expect(sizes(declared)[0].candidates).toEqual([
      {
        method: 'volatility-target',
        fraction: 0.03,
        because: 'warming up: there are 9 returns where 10 are needed',
      },
    ]);
  });

  test('opens nothing where prices never moved', () => {
    expect(denials(sizedBy(sizing, { 11: buy({ exposure: 1 }) }, flat(13)))).toEqual([['SIZING_FOUND_NONE', 0, 0]]);
  });
});

describe('Kelly', () => {
  /** Each buys 5 at 100.00 and sells at 110.00 where it wins, at 95.00 where it loses; then one more buys all that it may. */
  function after(wins: number, losses: number, kelly: object, more: SizingInput = {}): Played {
    const trades = [...Array<number>(wins).fill(110), ...Array<number>(losses).fill(95)];
    const rows: Row[] = [[100, 100, 100, 100]];
    const answers: Record<number, Decision> = {};
    trades.forEach((exit, k) => {
      answers[2 * k] = buy({ quantity: 5 });
      answers[2 * k + 1] = target(0);
      rows.push([100, 100, 100, 100], [exit, Math.max(exit, 100), Math.min(exit, 100), 100]);
    });
    answers[2 * trades.length] = buy({ exposure: 1 });
    const sizing = { kelly: { leastTrades: 10, ...kelly }, warmUpFraction: 0.1, ...more };
    return sizedBy(sizing, answers, [...rows, ...flat(2)]);
  }

  test('goes by how the strategy’s own trades went, in whole or in part', () => {
    // Six of ten win a tenth, four lose a twentieth: (0.6 - 0.4 / 2) / 0.05 is 8.
    expect(sizes(after(6, 4, { part: 0.05, shrink: false })).at(-1)?.fraction).toBeCloseTo(0.4, 12);
    expect(sizes(after(6, 4, { part: 1, shrink: false })).at(-1)?.fraction).toBeCloseTo(8, 12);
    // e is 0.8, and the error 9 × 0.24 / 10.
    expect(sizes(after(6, 4, { part: 0.05 })).at(-1)?.fraction).toBeCloseTo((0.4 * 0.64) / (0.64 + 0.216), 12);
  });

  test('warms up with what is declared, and has to be given it', () => {
    const played = after(5, 4, {});
    expect(sizes(played).at(-1)?.candidates[0].because).toBe(
      'warming up: there are 9 closed trades where 10 are needed',
    );
    expect(played.fills.at(-1)?.quantity).toBeCloseTo(10.15, 6);
    expect(sizingSchema.safeParse({ kelly: {} }).success).toBe(false);
  });

  test('opens nothing without an edge', () => {
    const played = after(3, 7, {});
    expect(denials(played)).toEqual([['SIZING_FOUND_NONE', 0, 0]]);
    expect(sizes(played).at(-1)).toMatchObject({ order: null, fraction: 0, method: 'kelly' });
    expect(sizes(played).at(-1)?.candidates[0].because).toContain('is no edge');
  });

  test('counts a trade by the most that was in it', () => {
    const rows: Row[] = [...flat(3), [100, 110, 100, 110], [110, 110, 110, 110], [110, 110, 110, 110]];
    const played = sizedBy(
      { kelly: { leastTrades: 10 }, warmUpFraction: 1 },
      { 0: buy({ quantity: 5 }), 1: buy({ quantity: 5 }), 3: sell({ quantity: 4, reduceOnly: true }), 4: target(0) },
      [...rows, ...rows.slice(4)],
    );
    expect(played.engine.watch.trades.snapshot()).toMatchObject([{ profit: 10_000, stake: 100_000 }]);
    const { engine } = played;
    expect(engine.watch.trades.recordOf(0)).toEqual({ bets: 1, wins: 1, meanWin: 0.1, meanLoss: 0 });
  });
});

describe('the distance of the stop', () => {
  const sizing = { riskPerStop: { risk: 0.01 } };

  test('sets a size at which being stopped out costs what it may', () => {
    const size = (order: Decision, fields: Partial<AccountFields> = {}): number =>
      sizes(sizedBy(sizing, { 0: order }, [CALM, CALM], fields))[0].fraction;
    expect(size(buy({ exposure: 1, stopLoss: 0.02 }))).toBeCloseTo(0.5, 12);
    expect(size(buy({ exposure: 1, trailingStop: 0.04 }))).toBeCloseTo(0.25, 12);
    expect(size(sell({ exposure: 1, stopLoss: { price: 105 } }))).toBeCloseTo(0.2, 12);
    expect(size(buy({ type: 'limit', price: 95, exposure: 1, stopLoss: { price: 90.25 } }))).toBeCloseTo(0.2, 12);
    const instruments = [spot({ takerFeeBps: 10 })];
    expect(size(buy({ exposure: 1, stopLoss: 0.02 }), { instruments })).toBeCloseTo(0.01 / 0.022, 12);
  });

  test('has to be there', () => {
    expect(denials(sizedBy(sizing, { 0: buy({ exposure: 1 }) }))).toEqual([['SIZING_STOP_MISSING', 0, 0]]);
    // Waiting does not bring a stop.
    expect(denials(sizedBy({ ...sizing, warmUpFraction: 0.1 }, { 0: buy({ exposure: 1 }) }))).toEqual([
      ['SIZING_STOP_MISSING', 0, 0],
    ]);
  });
});

describe('risk parity', () => {
  const universe = (sizing: SizingInput, at: number, other: readonly Row[]): Played => {
    const script = scripted(({ time, symbol }) =>
      symbol === 'A/USD' && time === bars(wave(14)).timestamp[at] + 60_000 ? buy({ exposure: 1 }) : undefined,
    );
    return play(
      account({
        instruments: [spot(), spot({ symbol: 'B/USD' })],
        strategies: [running(script, { instruments: ['A/USD', 'B/USD'] })],
        limits: WIDE,
        sizing,
      }),
      new Map([
        ['A/USD', bars(wave(14))],
        ['B/USD', bars(other)],
      ]),
    );
  };

  test('gives an instrument the less the more it moves', () => {
    const played = universe({ riskParity: { gross: 0.5, bars: 10 } }, 12, wave(14, 103));
    const [a, b] = [waveDeviation(10), waveDeviation(10, 103)];
    // Of two, whatever their correlation, the weights are as the other's deviations.
    expect(sizes(played)[0].fraction).toBeCloseTo((0.5 * b) / (a + b), 8);
  });

  test('waits until half of the bars are common to all', () => {
    const riskParity = { gross: 0.5, bars: 10 };
    expect(denials(universe({ riskParity }, 4, wave(14, 103)))).toEqual([['SIZING_HISTORY_MISSING', 5, 4]]);
    expect(denials(universe({ riskParity }, 5, wave(14, 103)))).toEqual([]);
    expect(denials(universe({ riskParity }, 12, flat(14)))).toEqual([['SIZING_FOUND_NONE', 0, 0]]);
  });
});

describe('of several methods', () => {
  test('the smallest wins, and the decision shows all, those of the account and of the strategy', () => {
    const both = {
      sizing: { fixedFraction: { fraction: 0.3 }, riskPerStop: { risk: 0.01 } },
      sizingOf: { scripted: { fixedFraction: { fraction: 0.25 } }, another: { fixedFraction: { fraction: 0.01 } } },
    };
    const order = (stopLoss: number): Played =>
      sizedBy(undefined, { 0: buy({ exposure: 1, stopLoss }) }, [CALM, CALM], both);
    expect(fractions(order(0.125))).toEqual([
      [
        ['fixed-fraction', 0.3],
        ['risk-per-stop', 0.08],
        ['fixed-fraction', 0.25],
      ],
    ]);
    expect(sizes(order(0.125))[0]).toMatchObject({ method: 'risk-per-stop', fraction: 0.08 });
    expect(sizes(order(0.02))[0]).toMatchObject({ method: 'fixed-fraction', fraction: 0.25 });
  });

  test('one without a size is no size for all', () => {
    const sizing = { fixedFraction: { fraction: 0.3 }, volatilityTarget: { daily: 0.1, bars: 10 } };
    expect(denials(sizedBy(sizing, { 1: buy({ exposure: 1 }) }))).toEqual([['SIZING_HISTORY_MISSING', 10, 1]]);
  });
});

test('the configuration of an account and of its strategies say which methods there are, and the ledger keeps them', () => {
  const own = { riskPerStop: { risk: 0.01 } };
  const configuration = configurationSchema.parse({
    venues: { test: { kind: 'simulated' } },
    universes: { main: { venue: 'test', symbols: ['A/USD'], timeframe: '1m' } },
    accounts: [
      {
        id: 'paper',
        universe: 'main',
        currency: 'USD',
        moneyDecimals: 2,
        sizing: { volatilityTarget: { daily: 0.01 } },
        strategies: [
          { strategy: 'scripted', sizing: own },
          { strategy: 'scripted', id: 'second' },
        ],
      },
    ],
  });
  const registry = new Map([['scripted', { definition: scripted(() => undefined), codeHash: '00' }]]);
  const input = { configuration, instruments: [spot()], provenance: 'simulated', registry, openedAt: START } as const;
  const definition = definitionOf({ ...input, account: configuration.accounts[0] } as never);
  const sizing = { account: { volatilityTarget: { daily: 0.01, bars: 60 } }, strategies: { scripted: own } };
  expect(definition.sizing).toEqual(sizing);
  const applied = playedOf(open(definition)).of('ConfigurationApplied')[0].body;
  expect(applied).toMatchObject({ sizing });
  const { sizing: _, ...without } = configuration.accounts[0];
  const plain = { ...without, strategies: without.strategies.map(({ sizing: __, ...each }) => each) };
  const free = definitionOf({ ...input, account: plain } as never);
  expect(free).not.toHaveProperty('sizing');
  expect(free.configurationHash).not.toBe(definition.configurationHash);
});

test('no order is larger than its size, nor than it would be without', () => {
  let smaller = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { definition, bars: all } = randomAccount(seed, 60);
      const random = generator(~seed);
      const rules = { fixedFraction: { fraction: random() }, riskPerStop: { risk: 0.01 * random() + 0.0001 } };
      const engine = open({ ...definition, sizing: { account: sizingSchema.parse(rules), strategies: {} } });
      for (const step of stepsOf(engine, all)) {
        runStep(engine, step);
        const market = engine.markets[Math.floor(random() * engine.markets.length)];
        if (!(market.lastPrice > 0)) continue;
        const draft = { side: random() < 0.5 ? 'buy' : 'sell', quantity: Math.floor(random() * 90_000) } as const;
        const protection = { stopLoss: 0.001 + random() * 0.1 };
        const [sized, free] = [Object.assign(new Order(), draft), Object.assign(new Order(), draft)];
        const size = engine.sizer?.sizeOf(engine, 0, market, sized, protection);
        const verdict = passOpening(engine, 0, market, sized, protection, size);
        const without = passOpening(engine, 0, market, free, protection);
        if (typeof verdict === 'object') continue;
        expect(sized.exposure).toBeLessThanOrEqual(size?.room ?? 0);
        expect(sized.quantity).toBeLessThanOrEqual(draft.quantity);
        if (typeof without === 'object') expect(engine.definition.limits.oversize).toBe('deny');
        else {
          expect(sized.quantity).toBeLessThanOrEqual(free.quantity);
          if (sized.quantity < free.quantity) smaller++;
        }
      }
    }),
    { numRuns: 60, seed: 3 },
  );
  expect(smaller).toBeGreaterThan(50);
});
