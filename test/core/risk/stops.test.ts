/** Stops in time and to break even: at their thresholds, and on either side of them. */
import { describe, expect, test } from 'vitest';
import { halt } from '../../../core/risk/kill-switch.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import { proposalFault } from '../../../core/strategies/proposal.ts';
import {
  type AccountFields,
  account,
  bars,
  MINUTE,
  type Played,
  play,
  type Row,
  running,
  START,
  scripted,
  spot,
} from '../engine/account.ts';
import { restored } from '../engine/states.ts';
import { type Answers, buy, sell, target, trade, WIDE } from '../execution/trade.ts';

const flat = (count: number, price = 100): Row[] => Array.from({ length: count }, () => [price, price, price, price]);
const played = (answers: Answers, rows: readonly Row[], fields: Partial<AccountFields> = {}): Played =>
  trade(answers, rows, { limits: { ...WIDE, allowShort: true }, ...fields });
const fillsOf = ({ fills }: Played): unknown[] => fills.map(({ bar, side, price }) => [bar, side, price]);

describe('a time stop', () => {
  const held = (timeStop: object, rows = flat(8)): unknown[] =>
    fillsOf(played({ 0: buy({ quantity: 1, timeStop }) }, rows)).map((fill) => (fill as unknown[])[0]);

  test('closes at the open after so many bars, that of the fill included', () => {
    // Decided at the close of bar 0 and filled at the open of bar 1.
    expect(held({ bars: 1 })).toEqual([1, 2]);
    expect(held({ bars: 2 })).toEqual([1, 3]);
    expect(held({ bars: 5 })).toEqual([1, 6]);
    expect(held({ bars: 7 })).toEqual([1]);
  });

  test('counts milliseconds from the open of that bar, and closes at the first open after a bar that ends with them', () => {
    expect(held({ ms: 2 * MINUTE })).toEqual([1, 3]);
    expect(held({ ms: 2 * MINUTE - 1 })).toEqual([1, 3]);
    expect(held({ ms: 2 * MINUTE + 1 })).toEqual([1, 4]);
    expect(held({ ms: 1 })).toEqual([1, 2]);
  });

  test('counts bars of the strategy’s own timeframe', () => {
    const script = scripted((_, bar) => (bar === 0 ? buy({ quantity: 1, timeStop: { bars: 1 } }) : undefined));
    const definition = account({ strategies: [running(script, { timeframe: '5m' })], limits: WIDE });
    expect(fillsOf(play(definition, bars(flat(15))))).toEqual([
      [5, 'buy', 100],
      [10, 'sell', 100],
    ]);
  });

  test('says so in the ledger, takes the protection with it, and lets the strategy go on', () => {
    const entry = buy({ quantity: 1, timeStop: { bars: 2 }, stopLoss: 0.1, takeProfit: 0.1 });
    const all = played({ 0: entry, 4: buy({ quantity: 2 }) }, flat(12));
    expect(fillsOf(all)).toEqual([
      [1, 'buy', 100],
      [3, 'sell', 100],
      [5, 'buy', 100],
    ]);
    expect(all.of('TimeStopSet')).toMatchObject([{ strategy: 0, instrument: 0, closeAt: START + 3 * MINUTE }]);
    expect(all.of('OrderCanceled')).toHaveLength(2);
    const texts = all.of('TextDefined').map(({ body }) => (body as { text: string }).text);
    expect(texts).toContain('its time is over');
  });

  test('is not made longer by a later entry, and shorter by one that has less', () => {
    const first = buy({ quantity: 1, timeStop: { bars: 4 } });
    const exit = (second: Decision): unknown => fillsOf(played({ 0: first, 1: second }, flat(12))).at(-1);
    expect(exit(buy({ quantity: 1 }))).toEqual([5, 'sell', 100]);
    expect(exit(buy({ quantity: 1, timeStop: { bars: 9 } }))).toEqual([5, 'sell', 100]);
    expect(exit(buy({ quantity: 1, timeStop: { bars: 3 } }))).toEqual([4, 'sell', 100]);
    const late = played({ 0: buy({ quantity: 1 }), 2: buy({ quantity: 1, timeStop: { bars: 5 } }) }, flat(12));
    expect(late.fills.at(-1)).toMatchObject({ bar: 6, side: 'sell', quantity: 2 });
  });

  test('belongs to the position and not to what comes after it', () => {
    const turned = played({ 0: buy({ quantity: 1, timeStop: { bars: 4 } }), 1: sell({ quantity: 3 }) }, flat(12));
    expect(turned.fills.map(({ bar, side }) => [bar, side])).toEqual([
      [1, 'buy'],
      [2, 'sell'],
    ]);
    const short = played({ 0: sell({ quantity: 1, timeStop: { bars: 2 } }) }, flat(6));
    expect(fillsOf(short)).toEqual([
      [1, 'sell', 100],
      [3, 'buy', 100],
    ]);
  });

  test('waits under a halt, and closes what a person lets go on', () => {
    const script = scripted((_, bar) => (bar === 0 ? buy({ quantity: 1, timeStop: { bars: 2 } }) : undefined));
    const definition = account({ strategies: [running(script)], limits: WIDE });
    const halted = play(definition, bars(flat(8)), (engine, cycle) => {
      if (cycle === 1) halt(engine, 'a test');
      if (cycle === 4) engine.tradingState = 'Active';
    });
    expect(fillsOf(halted)).toEqual([
      [1, 'buy', 100],
      [6, 'sell', 100],
    ]);
    expect(halted.of('OrderDenied')).toEqual([]);
  });

  test('is kept from one step to the next', () => {
    const { engine } = played({ 0: buy({ quantity: 1, timeStop: { bars: 5 } }) }, flat(3));
    const [market] = restored(engine.definition, engine).markets;
    expect(market.closeDue).toBe(START + 6 * MINUTE);
  });
});

describe('a stop to break even', () => {
  const entry = (fields: object = {}): Decision => buy({ quantity: 1, stopLoss: 0.05, breakEven: 0.02, ...fields });
  /** Filled at the open of bar 1 at 100.00. */
  const after = (rows: readonly Row[], fields: Partial<AccountFields> = {}, order = entry()): Played =>
    played({ 0: order }, [...flat(1), ...rows], fields);
  const moves = (all: Played): unknown[] => all.of('StopMoved').map(({ trigger }) => trigger);

  test('moves to the entry where the price has gone so far, and not before', () => {
    const back: Row = [101, 101, 100, 100.5];
    const near = after([[100, 101.99, 100, 101], back]);
    expect([moves(near), near.fills.length]).toEqual([[], 1]);
    const far = after([[100, 102, 100, 101], back]);
    expect(moves(far)).toEqual(['10000']);
    expect(fillsOf(far)).toEqual([
      [1, 'buy', 100],
      [2, 'sell', 100],
    ]);
    const above = after([
      [100, 102, 100, 101],
      [101, 101, 100.01, 100.5],
    ]);
    expect(above.fills).toHaveLength(1);
  });

  test('is tested where it stood before the bar that moves it', () => {
    expect(fillsOf(after([[100, 102, 95, 101]]))).toEqual([
      [1, 'buy', 100],
      [1, 'sell', 95],
    ]);
    // It came back through the new price by the close: that it has crossed for certain.
    expect(fillsOf(after([[100, 102, 99, 99.5]]))).toEqual([
      [1, 'buy', 100],
      [1, 'sell', 100],
    ]);
    expect(fillsOf(after([[100, 102, 99, 100.01]]))).toEqual([[1, 'buy', 100]]);
  });

  test('fills in the bar that moves it where the close is at its new price, and not one step beside it', () => {
    const closed = (price: number, order = entry()): number =>
      after([[100, Math.max(102, price), Math.min(98, price), price]], {}, order).fills.length;
    expect([99.99, 100, 100.01].map((price) => closed(price))).toEqual([2, 2, 1]);
    const short = sell({ quantity: 1, stopLoss: 0.05, breakEven: 0.02 });
    expect([99.99, 100, 100.01].map((price) => closed(price, short))).toEqual([1, 2, 2]);
  });

  test('does not move any more once it was triggered, though a thin market has left some of it', () => {
    const execution = { volumeShare: { limit: 1, impactBps: 0 } };
    const rows: Row[] = [
      [100, 101, 99, 100],
      [100, 101, 95, 96, 1],
      [101, 103, 100, 102, 1],
    ];
    const all = after(rows, { execution }, entry({ quantity: 3 }));
    expect(fillsOf(all).slice(1)).toEqual([
      [2, 'sell', 95],
      [3, 'sell', 101],
    ]);
    expect([moves(all), all.of('OrderTriggered').length]).toEqual([[], 1]);
  });

  test('includes the fees of both ways, and never moves to where the price has not been', () => {
    const instruments = [spot({ takerFeeBps: 10 })];
    expect(moves(after([[100, 102, 100, 101]], { instruments }))).toEqual(['10020']);
    // The fees are more than it was to gain: it waits until the price has paid them.
    const small = entry({ breakEven: 0.001 });
    expect(moves(after([[100, 100.19, 100, 100.1]], { instruments }, small))).toEqual([]);
    expect(moves(after([[100, 100.2, 100, 100.2]], { instruments }, small))).toEqual(['10020']);
  });

  test('is the other way round for a short position', () => {
    const short = sell({ quantity: 1, stopLoss: 0.05, breakEven: 0.02 });
    expect(moves(after([[100, 100, 98.01, 99]], {}, short))).toEqual([]);
    const all = after(
      [
        [100, 100, 98, 99],
        [99, 100, 99, 99.5],
      ],
      { instruments: [spot({ takerFeeBps: 10 })] },
      short,
    );
    expect(moves(all)).toEqual(['9980']);
    expect(fillsOf(all).at(-1)).toEqual([2, 'buy', 99.8]);
  });

  test('goes by the close in the bar of an entry that filled after its open', () => {
    const limit = entry({ type: 'limit', price: 99 });
    // Two per cent above 99.00 is 100.98.
    expect(moves(after([[100, 103, 99, 100.97]], {}, limit))).toEqual([]);
    expect(moves(after([[100, 103, 99, 100.98]], {}, limit))).toEqual(['9900']);
  });

  test('moves once, and nearer to the price only', () => {
    const all = after([
      [100, 103, 100.5, 102],
      [102, 110, 101, 108],
      [108, 108, 107, 107],
    ]);
    expect(moves(all)).toEqual(['10000']);
    const nearer = after([[100, 102, 100, 102]], {}, entry({ stopLoss: { price: 99.99 }, breakEven: 0.01 }));
    expect(moves(nearer)).toEqual(['10000']);
  });

  test('works beside a target, of a market that is passed over while nothing happens', () => {
    const rows = [...flat(30), [100, 102, 100, 101] as Row, ...flat(20, 101), [101, 101, 99, 99] as Row];
    const all = after(rows, {}, entry({ takeProfit: 0.2 }));
    expect(fillsOf(all).at(-1)).toEqual([52, 'sell', 100]);
    expect(all.of('OrderCanceled')).toHaveLength(1);
  });
});

test('what is no time and no fraction is refused, and so is a break even without a stop', () => {
  const fault = (fields: object): string | undefined => proposalFault({ ...(target(1) as object), ...fields });
  expect(fault({ timeStop: { bars: 3 }, stopLoss: 0.1, breakEven: 0.05 })).toBe(undefined);
  expect(fault({ timeStop: { ms: 1 } })).toBe(undefined);
  for (const timeStop of [{}, { bars: 0 }, { bars: 1.5 }, { bars: 1, ms: 1 }, { ms: '1' }, { ms: 1e14 }, null, 5])
    expect(fault({ timeStop })).toContain('timeStop');
  expect(fault({ breakEven: 0.1 })).toContain('no stopLoss');
  expect(fault({ breakEven: 0.1, trailingStop: 0.1 })).toContain('no stopLoss');
  for (const breakEven of [0, 1, -0.1, { price: 5 }, 'x'])
    expect(fault({ stopLoss: 0.1, breakEven })).toContain('breakEven');
});
