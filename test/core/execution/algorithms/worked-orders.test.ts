/** Orders that algorithms work, in an account: what is sent when, and how they end. Prices follow the number of the bar. */
import { describe, expect, test } from 'vitest';
import { runBacktest } from '../../../../core/backtest/run.ts';
import { execute, reconcile, risk, signal } from '../../../../core/cycle.ts';
import { cancel } from '../../../../core/engine/bookkeeping.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import type { Algorithm } from '../../../../core/execution/algorithms/algorithm.ts';
import { halt, haltMarket, haltStrategy, reduce } from '../../../../core/risk/kill-switch.ts';
import type { Decision } from '../../../../core/strategies/contract.ts';
import {
  account,
  bars,
  brief,
  ingest,
  MINUTE,
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
} from '../../engine/account.ts';
import { type Answers, both, buy, CALM, sell, target, trade, WIDE } from '../trade.ts';

const calm = (count: number): Row[] => Array.from({ length: count }, () => CALM);
const by = (algorithm: Algorithm, fields: object = {}) => buy({ quantity: 8, algorithm, ...fields });
const twap = (fields: object = {}): Algorithm => ({ kind: 'twap', cycles: 4, ...fields }) as Algorithm;
/** Parts of order 1, as [bar of the decision, quantity, price]. */
const parts = ({ of }: Played, parent = 1) => {
  const mine = of('ChildCarved')
    .filter((event) => event.parent === parent)
    .map(({ order }) => order);
  return of('OrderInitialized')
    .filter(({ order }) => mine.includes(order))
    .map(({ cycle, quantity, price }) => [barOf(cycle), Number(quantity) / 1_000, Number(price) / 100]);
};
const barOf = (cycle: number) => Math.round((cycle - START) / MINUTE) - 1;
const reasons = ({ of }: Played) => {
  const texts = new Map(
    of('TextDefined').map(({ body }) => [(body as { index: number }).index, (body as { text: string }).text]),
  );
  return of('OrderCanceled').map(({ order, reason }) => [order, texts.get(reason as number)]);
};

describe('an order that is worked', () => {
  test('is never sent itself: its parts are, and their fills are its own', () => {
    const played = trade({ 0: by(twap()) }, calm(8));
    expect(parts(played)).toEqual([
      [0, 2, 0],
      [1, 2, 0],
      [2, 2, 0],
      [3, 2, 0],
    ]);
    expect(played.fills.map(brief)).toEqual([1, 2, 3, 4].map((bar) => ({ bar, side: 'buy', quantity: 2, price: 100 })));
    expect(played.of('OrderSubmitted').map(({ order }) => order)).toEqual([2, 3, 4, 5]);
    expect(played.of('AlgorithmSet')[0].body).toEqual({
      order: 1,
      algorithm: { kind: 'twap', slices: 4, durationMs: 4 * MINUTE, atEnd: 'cancel' },
    });
    expect(played.of('ParentFilled')).toMatchObject([{ order: 1, quantity: '8000', price: '10000' }]);
    expect([played.engine.algorithms, played.engine.workingOrders, played.engine.reservedCash]).toEqual([0, 0, 0]);
  });

  test('passes the risk line once, as a whole: it is made as small as the limits ask, and reserves for all of it', () => {
    const reserved: number[] = [];
    const script = scripted((_, bar) => (bar === 0 ? by(twap()) : undefined));
    const definition = account({ strategies: [running(script)], limits: { ...WIDE, maxOrderNotional: 400 } });
    const played = play(definition, bars(calm(6)), (engine) => reserved.push(engine.reservedCash));
    expect(played.of('OrderInitialized')[0]).toMatchObject({ quantity: '4000', reduced: true, reserved: '40000' });
    expect(reserved).toEqual([40_000, 30_000, 20_000, 10_000, 0, 0]);
    expect(parts(played).map(([, quantity]) => quantity)).toEqual([1, 1, 1, 1]);
  });

  test('for a share of the account divides its money, and carries over what a part leaves', () => {
    const played = trade({ 0: target(0.3, { algorithm: twap({ cycles: 3 }) }) }, calm(6));
    const [whole, ...children] = played.of('OrderInitialized');
    expect(whole).toMatchObject({ budget: '300000', quantity: '0' });
    expect(children.map(({ budget }) => budget)).toEqual(['100000', '100000', '100000']);
    expect(played.fills.at(-1)?.position).toBe(30);
  });

  test('makes up with the next part for what its limit has kept from filling, and is canceled with its parts when its window ends', () => {
    const played = trade({ 0: by(twap({ limit: 98.5 })) }, [CALM, CALM, [98, 98, 98, 98], ...calm(5)]);
    expect(played.fills.map(brief)).toEqual([{ bar: 2, side: 'buy', quantity: 4, price: 98 }]);
    expect(reasons(played).at(-1)).toEqual([1, 'its window is over']);
    const never = trade({ 0: by(twap({ limit: 95 })) }, calm(8));
    expect(never.fills).toEqual([]);
    expect(reasons(never).at(-1)).toEqual([1, 'its window is over']);
    expect(never.of('AlgorithmStopped')).toMatchObject([{ order: 1, price: '10000' }]);
    expect(never.engine.reservedCash).toBe(0);
  });

  test('sends the rest at the end of the window where it is asked to, within its limit or at the market', () => {
    const thin: Row[] = calm(10).map(([open, high, low, close]) => [open, high, low, close, 1]);
    const execution = { volumeShare: { limit: 1, impactBps: 0 } };
    const cut = trade({ 0: by(twap({ cycles: 2 })) }, thin, { execution });
    expect([cut.fills.at(-1)?.position, reasons(cut).at(-1)?.[1]]).toEqual([2, 'its window is over']);
    const sent = trade({ 0: by(twap({ cycles: 2, atEnd: 'send' })) }, thin, { execution });
    expect(parts(sent)).toEqual([
      [0, 4, 0],
      [1, 4, 0],
      [2, 6, 0],
    ]);
    expect(sent.fills.at(-1)?.position).toBe(8);
    const within = trade({ 0: by(twap({ cycles: 2, atEnd: 'send', limit: 95 })) }, calm(6));
    expect(parts(within).at(-1)).toEqual([2, 8, 95]);
    expect(within.of('OrderInitialized').at(-1)).toMatchObject({ timeInForce: 'ioc', type: 'limit' });
    expect(reasons(within).at(-1)).toEqual([1, 'its window is over']);
  });

  test('is replaced by a new target, and canceled by its strategy, with its parts', () => {
    const answers: Answers = { 0: target(0.4, { algorithm: twap({ limit: 95 }) }), 2: target(0.2) };
    const replaced = trade(answers, calm(5));
    expect(reasons(replaced).slice(-2)).toEqual([
      [3, 'a new target replaces it'],
      [1, 'a new target replaces it'],
    ]);
    expect(replaced.fills).toMatchObject([{ order: 4, quantity: 20 }]);
    const canceled = trade({ 0: by(twap({ limit: 95 })), 1: { kind: 'cancel', reason: 'enough' } }, calm(4));
    expect(
      reasons(canceled)
        .slice(-2)
        .map(([, reason]) => reason),
    ).toEqual(['enough', 'enough']);
    expect([canceled.engine.workingOrders, canceled.engine.reservedCash]).toEqual([0, 0]);
  });

  test('stands for its target while it works: the same target again is no new decision', () => {
    const again = target(0.4, { algorithm: twap() });
    expect(trade({ 0: again, 1: again, 2: again }, calm(7)).of('AlgorithmSet')).toHaveLength(1);
    // To be closed at once is another decision than to be closed in parts.
    const urgent = trade(
      { 0: target(0.4), 2: target(0, { algorithm: twap({ cycles: 6, slices: 2 }) }), 4: target(0) },
      calm(8),
    );
    expect(urgent.fills.map(({ bar, position }) => [bar, position])).toEqual([
      [1, 40],
      [3, 20],
      [5, 0],
    ]);
    // Between two parts nothing is out, and the order is on its way all the same.
    const slow = target(0, { algorithm: twap({ cycles: 6, slices: 2 }) });
    const closed = trade({ 0: target(0.4), 2: slow, 4: slow }, calm(10));
    expect([closed.of('AlgorithmSet').length, closed.of('OrderCanceled').length]).toEqual([1, 0]);
  });

  test('opens the other side of a target after what it holds is closed', () => {
    const answers: Answers = { 0: target(0.2), 2: target(-0.2, { algorithm: twap({ cycles: 2 }) }) };
    const played = trade(answers, calm(10), { limits: { ...WIDE, allowShort: true } });
    expect(played.fills.map(({ bar, position }) => [bar, position])).toEqual([
      [1, 20],
      [3, 10],
      [4, 0],
      [5, -10],
      [6, -20],
    ]);
  });

  test('that closes a position ends when that is gone', () => {
    const answers: Answers = { 0: target(0.2, { stopLoss: 0.05 }), 2: target(0, { algorithm: twap() }) };
    const played = trade(answers, [CALM, CALM, CALM, CALM, [94, 94, 94, 94], ...calm(3)]);
    expect(played.fills.at(-1)).toMatchObject({ purpose: 'stop-loss', position: 0 });
    expect(reasons(played).at(-1)).toEqual([3, 'the position it would reduce is closed']);
    expect(played.engine.algorithms).toBe(0);
  });

  test('takes its protection with it: the stop grows with the parts, and ends the rest when it is hit', () => {
    const rows = [CALM, CALM, CALM, [95, 95, 89, 90] as Row, ...calm(4)];
    const played = trade({ 0: by(twap(), { stopLoss: 0.1 }) }, rows);
    const stop = played.fills.at(-1);
    expect(stop).toMatchObject({ purpose: 'stop-loss', bar: 3, quantity: 6, price: 90, position: 0 });
    expect(reasons(played).at(-1)).toEqual([1, 'its protection has ended']);
    expect(parts(played)).toHaveLength(3);
  });

  test('leaves no rest that is too small to be sent', () => {
    const instruments = [spot({ minQuantity: 2_000, lotSize: 500 })];
    const quantities = (quantity: number, algorithm: Algorithm) => {
      const played = trade({ 0: buy({ quantity, algorithm }) }, calm(8), { instruments });
      expect(played.of('ParentFilled')).toHaveLength(1);
      return parts(played).map(([, part]) => part);
    };
    expect(quantities(7, twap())).toEqual([3.5, 3.5]);
    expect(quantities(3.5, { kind: 'iceberg', shown: 2, limit: 100 })).toEqual([3.5]);
  });
});

describe('a part', () => {
  const thin = { execution: { volumeShare: { limit: 1, impactBps: 0 } } };
  const ones = (count: number): Row[] => Array.from({ length: count }, () => [100, 101, 99, 100, 1]);

  test('says in the ledger whose it is', () => {
    const played = trade({ 0: by(twap()) }, calm(3));
    const texts = new Map(
      played.of('TextDefined').map(({ body }) => [(body as { index: number }).index, (body as { text: string }).text]),
    );
    const [, part] = played.of('OrderInitialized');
    expect(texts.get(part.reason as number)).toBe('part of order 1 by twap');
  });

  test('is in whole lots, and the next has what it left', () => {
    const instruments = [spot({ lotSize: 1_000 })];
    const played = trade({ 0: by(twap({ cycles: 3 })) }, calm(6), { instruments });
    expect(parts(played).map(([, quantity]) => quantity)).toEqual([2, 3, 3]);
    // Money is in no lots: 3,000 in seven parts.
    const spent = trade({ 0: target(0.3, { algorithm: twap({ cycles: 7 }) }) }, calm(2), { instruments });
    expect(spent.of('OrderInitialized')[1]).toMatchObject({ budget: '42857', quantity: '0' });
  });

  test('comes beside those that a thin market has not filled, and is no larger for them', () => {
    const played = trade({ 0: by(twap()) }, ones(10), thin);
    expect(parts(played).map(([bar, quantity]) => [bar, quantity])).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
      [3, 2],
    ]);
  });

  test('takes a rest that would be too small to be sent, of what is not out yet', () => {
    const options = { ...thin, instruments: [spot({ minQuantity: 2_000 })] };
    // 1.75 a bar is too small, so 3.5 go out in the second; of the 3.5 left, 1.75 would be too small in the fourth.
    const played = trade({ 0: buy({ quantity: 7, algorithm: twap() }) }, ones(10), options);
    expect(parts(played).map(([bar, quantity]) => [bar, quantity])).toEqual([
      [1, 3.5],
      [2, 3.5],
    ]);
    const rows: Row[] = [CALM, CALM, ...ones(10)];
    const closing = trade({ 0: buy({ quantity: 7 }), 1: target(0, { algorithm: twap() }) }, rows, options);
    expect(parts(closing, 2).map(([bar, quantity]) => [bar, quantity])).toEqual([
      [2, 3.5],
      [3, 3.5],
    ]);
  });

  test('that is more than is due goes on, and is not replaced by nothing', () => {
    const HALF_HOUR = 30 * MINUTE;
    const options = {
      ...thin,
      timeframe: '30m',
      interval: HALF_HOUR,
      instruments: [spot({ minQuantity: 5_000 })],
    } as const;
    const algorithm = { kind: 'vwap', durationMs: 8 * HALF_HOUR, limit: 100 } as const;
    const script = scripted((_, bar) => (bar === 0 ? buy({ quantity: 9, algorithm }) : undefined));
    // An eighth is due each half hour: with the fourth 4.5, which is too small, and so is the other half, so all 9 go out. Of those
    // the next bar fills as many as are due with the fifth, 5.625.
    const none: Row = [100, 101, 99, 100, 0];
    const all: Row[] = [none, none, none, none, [100, 101, 99, 100, 5.625], [100, 101, 99, 100, 50]];
    const strategies = [running({ ...script, volumeDays: () => 1 }, { timeframe: '30m' })];
    const played = play(account({ strategies, limits: WIDE, ...options }), bars(all, START, HALF_HOUR));
    expect(played.fills.map(({ bar, quantity }) => [bar, quantity])).toEqual([
      [4, 5.625],
      [5, 3.375],
    ]);
    expect(played.of('ChildCarved')).toHaveLength(1);
  });

  test('of a peg is left where it is while its price stays', () => {
    const played = trade({ 0: by({ kind: 'peg', offsetBps: 500 }) }, calm(5));
    expect(parts(played)).toEqual([[0, 8, 95]]);
  });

  test('closes a short as it closes a long', () => {
    const answers: Answers = { 0: sell({ quantity: 8 }), 1: target(0, { algorithm: twap() }) };
    const played = trade(answers, calm(8), { limits: { ...WIDE, allowShort: true } });
    expect(played.fills.map(({ side, position }) => [side, position])).toEqual([
      ['sell', -8],
      ['buy', -6],
      ['buy', -4],
      ['buy', -2],
      ['buy', 0],
    ]);
  });
});

describe('a worked order', () => {
  test('is not complete while a part of it is out, though what is left would be too small to be sent', () => {
    const ones = calm(5).map(([open, high, low, close]): Row => [open, high, low, close, 1]);
    const played = trade({ 0: buy({ quantity: 2, algorithm: twap() }) }, ones, {
      instruments: [spot({ minQuantity: 2_000 })],
      execution: { volumeShare: { limit: 1, impactBps: 0 } },
    });
    expect(played.of('ParentFilled')).toMatchObject([{ order: 1, quantity: '2000' }]);
  });

  test('that has filled nothing is not complete, though it would be too cheap at the last price', () => {
    const script = scripted((_, bar) =>
      bar === 0 ? sell({ quantity: 1, algorithm: twap({ limit: 104 }) }) : undefined,
    );
    const instruments = [spot({ minNotional: 9_500 })];
    const definition = account({ instruments, strategies: [running(script)], limits: { ...WIDE, allowShort: true } });
    const rows: Row[] = [CALM, ...calm(3).map((): Row => [90, 91, 89, 90])];
    const played = play(definition, bars(rows), (engine, cycle) => {
      if (cycle === 0) cancel(engine, engine.markets[0].orders[0], 'a test');
    });
    expect(played.of('ParentFilled')).toEqual([]);
    expect(parts(played).map(([bar, , price]) => [bar, price])).toContainEqual([1, 104]);
  });

  test('for money sends no part that buys less than the venue takes, with the fee of a taker', () => {
    const sentOf = (takerFeeBps: number) =>
      trade({ 0: target(0.03, { algorithm: twap({ cycles: 3 }) }) }, calm(5), {
        instruments: [spot({ minQuantity: 2_000, takerFeeBps })],
      })
        .of('OrderInitialized')
        .slice(1)
        .map(({ cycle, budget }) => [barOf(cycle), budget]);
    // 100.00 of 300.00 are due in each bar, and buy 1, of which the venue takes 2: after two bars what is left would be too small.
    expect(sentOf(0)).toEqual([[1, '30000']]);
    // With a fee of 10 % the 200.00 that would be left buy 1.818, too small already in the first bar.
    expect(sentOf(1_000)).toEqual([[0, '30000']]);
  });

  test('that reduces sends no more than the position that is left', () => {
    const closing = sell({ quantity: 8, reduceOnly: true, algorithm: twap() });
    const played = trade({ 0: buy({ quantity: 8 }), 1: closing, 2: sell({ quantity: 3 }) }, calm(8));
    expect(parts(played, 2).map(([, quantity]) => quantity)).toEqual([2, 2, 1]);
    expect(played.fills.at(-1)?.position).toBe(0);
  });

  test('that reduces ends where its position was turned meanwhile', () => {
    const closing = sell({ quantity: 8, reduceOnly: true, algorithm: twap({ cycles: 6 }) });
    const answers: Answers = { 0: buy({ quantity: 8 }), 1: closing, 2: sell({ quantity: 20 }) };
    const played = trade(answers, calm(8), { limits: { ...WIDE, allowShort: true } });
    expect(reasons(played).at(-1)).toEqual([2, 'the position it would reduce is closed']);
    expect(parts(played, 2).map(([bar]) => bar)).toEqual([1, 2]);
    expect(played.engine.algorithms).toBe(0);
  });

  test('that only reduces sends its parts past the controls that stand against openings', () => {
    const limits = { ...WIDE, priceCollarBps: 1_000 };
    const closing = sell({ quantity: 8, reduceOnly: true, algorithm: twap({ cycles: 2, limit: 120 }) });
    const played = trade({ 0: buy({ quantity: 8 }), 1: closing }, calm(5), { limits });
    expect([parts(played, 2).length, played.of('OrderDenied').length]).toEqual([2, 0]);
  });

  test('is complete when what is left has become too cheap to be sent', () => {
    // The last of four parts is worth 100.00 at 100, the least that the venue takes, and 99.00 a bar later.
    const rows: Row[] = [CALM, CALM, CALM, [100, 101, 99, 99], ...calm(4)];
    const played = trade({ 0: buy({ quantity: 4, algorithm: twap() }) }, rows, {
      instruments: [spot({ minNotional: 10_000 })],
    });
    expect(played.of('ParentFilled')).toMatchObject([{ order: 1, quantity: '3000' }]);
    expect(played.of('OrderCanceled')).toEqual([]);
    expect([played.engine.algorithms, played.engine.reservedCash]).toEqual([0, 0]);
  });

  test('ends with its window where the rest is too cheap to be sent at the end of it', () => {
    const rows: Row[] = [CALM, [100, 101, 89, 90, 0], ...Array.from({ length: 4 }, (): Row => [90, 91, 89, 90, 0])];
    const played = trade({ 0: buy({ quantity: 1, algorithm: twap({ cycles: 2, atEnd: 'send' }) }) }, rows, {
      instruments: [spot({ minNotional: 10_000 })],
      execution: { volumeShare: { limit: 1, impactBps: 0 } },
    });
    expect(reasons(played).map(([, reason]) => reason)).toEqual(['its window is over', 'its window is over']);
    expect([played.fills.length, played.engine.algorithms]).toEqual([0, 0]);
  });

  test('leaves the legs alone that wait in its market for another entry', () => {
    const entry = buy({ type: 'limit', quantity: 1, price: 90, stopLoss: 0.05 });
    const played = trade({ 0: both(by(twap()), entry) }, calm(8));
    expect(played.of('OrderCanceled')).toEqual([]);
    expect(played.engine.markets[0].held).toMatchObject([{ purpose: 'stop-loss', state: 'Held' }]);
    expect(parts(played)).toHaveLength(4);
  });

  test('goes on in a cycle in which its strategy cancels something else', () => {
    const other = buy({ type: 'limit', quantity: 1, price: 90 });
    const script = scripted(({ symbol }, asked) => {
      if (asked === 0) return by(twap());
      if (asked === 1) return { ...(other as object), symbol: 'B/USD' } as Decision;
      return asked === 4 && symbol === 'A/USD'
        ? ({ kind: 'cancel', symbol: 'B/USD', reason: 'enough' } as Decision)
        : undefined;
    });
    const columns = bars(calm(6));
    const played = play(
      account({
        instruments: [spot(), spot({ symbol: 'B/USD' })],
        strategies: [running(script, { instruments: ['A/USD', 'B/USD'] })],
        limits: WIDE,
      }),
      new Map([
        ['A/USD', columns],
        ['B/USD', columns],
      ]),
    );
    expect(reasons(played)).toEqual([[expect.any(Number), 'enough']]);
    expect(parts(played).map(([bar]) => bar)).toEqual([0, 1, 2, 3]);
  });
});

describe('worked orders in several markets', () => {
  const instruments = [spot(), spot({ symbol: 'B/USD' })];
  const sideBySide = (strategies: ReturnType<typeof running>[], rows: readonly (readonly Row[])[]) =>
    play(
      account({ instruments, strategies, limits: { ...WIDE, allowShort: true } }),
      new Map(instruments.map(({ symbol }, k) => [symbol, bars(rows[k])])),
    );
  const withAnswers = (symbol: string, answers: Answers, id: string, allocation = 0.5) =>
    running(
      scripted((_, bar) => answers[bar] as Decision, id),
      { id, instruments: [symbol], allocation },
    );

  test('are worked each at the price of its own', () => {
    const worked = withAnswers('B/USD', { 0: by(twap({ cycles: 2 })) }, 'b');
    const rows = Array.from({ length: 5 }, (): Row => [50, 51, 49, 50]);
    const played = sideBySide([worked], [calm(5), rows]);
    expect(
      played.of('OrderInitialized').map(({ order, instrument, reference }) => [order, instrument, reference]),
    ).toEqual([
      [1, 1, '5000'],
      [2, 1, '5000'],
      [3, 1, '5000'],
    ]);
  });

  test('wait for the bars of their own market', () => {
    // Of A there are no bars after the second, and B goes on.
    const played = sideBySide(
      [withAnswers('A/USD', { 0: by(twap()) }, 'a'), withAnswers('B/USD', {}, 'b')],
      [calm(2), calm(6)],
    );
    expect(parts(played).map(([bar]) => bar)).toEqual([0, 1]);
  });

  test('open without regard to what another strategy, or another market, is closing', () => {
    const closing: Answers = { 0: target(0.4), 2: target(0, { algorithm: twap() }) };
    const opening = by(twap());
    const twoStrategies = sideBySide(
      [withAnswers('A/USD', closing, 'a'), withAnswers('A/USD', { 3: opening }, 'b')],
      [calm(9), calm(9)],
    );
    const firstOf = (played: Played, strategy: number, instrument: number) =>
      played
        .of('OrderInitialized')
        .filter((event) => event.strategy === strategy && event.instrument === instrument && event.side === 'buy')
        .map(({ cycle }) => barOf(cycle))
        .slice(0, 2);
    expect(firstOf(twoStrategies, 1, 0)).toEqual([3, 3]);
    // One strategy in two markets: what it closes in A does not hold up what it opens in B, decided in the same cycle.
    const script = scripted(({ symbol }, asked) => {
      if (symbol === 'A/USD') return closing[asked / 2] as Decision;
      return asked === 5 ? (opening as Decision) : undefined;
    });
    const twoMarkets = sideBySide([running(script, { instruments: ['A/USD', 'B/USD'] })], [calm(9), calm(9)]);
    expect(firstOf(twoMarkets, 0, 1)).toEqual([2, 2]);
  });
});

describe('what is stopped', () => {
  const stopped = (stop: (engine: Engine) => void, fields: object = {}) => {
    const script = scripted((_, bar) => (bar === 0 ? both(by(twap(), fields)) : undefined));
    const definition = account({ strategies: [running(script)], limits: WIDE });
    return play(definition, bars(calm(8)), (engine, cycle) => {
      if (cycle === 1) stop(engine);
    });
  };

  test.each([
    ['the account is halted', (engine: Engine) => halt(engine, 'a test')],
    ['trading is reducing', (engine: Engine) => reduce(engine, 'a test')],
    ['its strategy is halted', (engine: Engine) => haltStrategy(engine, 0, 'a test')],
    ['its instrument is halted', (engine: Engine) => haltMarket(engine, engine.markets[0], 'a test')],
    ['a person cancels it', (engine: Engine) => cancel(engine, engine.markets[0].held[0], 'a test')],
  ])('sends no further part when %s', (_, stop) => {
    const played = stopped(stop);
    expect(parts(played)).toHaveLength(2);
    expect(played.fills).toHaveLength(1);
    expect([played.engine.algorithms, played.engine.workingOrders, played.engine.reservedCash]).toEqual([0, 0, 0]);
  });

  test('ends at once where a person cancels it after a part was decided and before that is sent', () => {
    const script = scripted((_, bar) => (bar === 0 ? by(twap()) : undefined));
    const engine = open(account({ strategies: [running(script)], limits: WIDE }));
    const [first, second] = stepsOf(engine, new Map([['A/USD', bars(calm(2))]]));
    runStep(engine, first);
    ingest(engine, second);
    reconcile(engine);
    signal(engine);
    risk(engine);
    const [parent] = engine.markets[0].held;
    expect(engine.intents).toHaveLength(1);
    cancel(engine, parent, 'a test');
    expect(parent.state).toBe('Canceled');
    execute(engine);
    expect([engine.algorithms, engine.workingOrders, engine.reservedCash]).toEqual([0, 0, 0]);
    expect(
      playedOf(engine)
        .of('OrderSubmitted')
        .map(({ order }) => order),
    ).toEqual([2]);
  });

  test('goes on where a person cancels one part', () => {
    const played = stopped((engine) => cancel(engine, engine.markets[0].orders[0], 'a test'));
    expect(parts(played).map(([bar, quantity]) => [bar, quantity])).toEqual([
      [0, 2],
      [1, 2],
      [2, 4],
      [3, 2],
    ]);
    expect(played.fills.at(-1)?.position).toBe(8);
  });

  test('is refused part by part where a control stands against it, recorded once, and goes on after', () => {
    const rows: Row[] = [CALM, CALM, [120, 120, 120, 120], [120, 120, 120, 120], ...calm(4)];
    const limits = { ...WIDE, priceCollarBps: 1_000 };
    const played = trade({ 0: by(twap({ cycles: 6, limit: 100 })) }, rows, { limits });
    expect(played.of('OrderDenied')).toMatchObject([{ denial: 'PRICE_OUTSIDE_COLLAR', limit: 1_000 }]);
    expect(parts(played).map(([bar]) => bar)).toEqual([0, 1, 4, 5]);
  });
});

describe('the last part of a window', () => {
  test('is not tried again where a control stands against it', () => {
    const rows: Row[] = [CALM, CALM, ...Array.from({ length: 5 }, (): Row => [120, 120, 120, 120])];
    const limits = { ...WIDE, priceCollarBps: 1_000 };
    const played = trade({ 0: by(twap({ cycles: 2, limit: 95, atEnd: 'send' })) }, rows, { limits });
    expect(played.of('OrderDenied')).toMatchObject([{ denial: 'PRICE_OUTSIDE_COLLAR' }]);
    expect(reasons(played).at(-1)).toEqual([1, 'its window is over']);
    expect(played.engine.algorithms).toBe(0);
  });
});

describe('a VWAP', () => {
  const HALF_HOUR = 30 * MINUTE;
  /** Two days of half hours; the order is decided at noon of the second. */
  const partsOn = (volumes: (bar: number) => number) => {
    const algorithm = { kind: 'vwap', durationMs: 4 * HALF_HOUR } as const;
    const rows = Array.from({ length: 96 }, (_, bar): Row => [100, 101, 99, 100, volumes(bar)]);
    const columns = bars(rows, START, HALF_HOUR);
    const definition = () => {
      const script = scripted((_, bar) => (bar === 71 ? by(algorithm) : undefined));
      const strategies = [running({ ...script, volumeDays: () => 5 }, { timeframe: '30m' })];
      return account({ strategies, limits: WIDE, timeframe: '30m' });
    };
    const played = play(definition(), columns);
    const backtest = runBacktest(definition(), new Map([['A/USD', columns]]));
    expect(backtest.engine.journal.head()).toBe(played.engine.journal.head());
    return parts(played).map(([, quantity]) => quantity);
  };
  const day: Readonly<Record<number, number>> = { 24: 10, 25: 30, 26: 40, 27: 20 };

  test('is spread by the volumes that the half hours of its window had on the day before', () => {
    expect(partsOn((bar) => day[bar] ?? 5)).toEqual([0.8, 2.4, 3.2, 1.6]);
  });

  test('knows nothing of the volumes to come, or of its own day', () => {
    expect(partsOn((bar) => (bar < 48 ? (day[bar] ?? 5) : 1_000 - bar))).toEqual([0.8, 2.4, 3.2, 1.6]);
  });

  test('is even where nothing was recorded', () => {
    expect(partsOn((bar) => (bar < 48 ? 0 : 7))).toEqual([2, 2, 2, 2]);
  });
});

describe('an iceberg and a peg', () => {
  test('show a part at a time at the limit', () => {
    const played = trade({ 0: by({ kind: 'iceberg', shown: 3, limit: 99 }) }, calm(6));
    expect(parts(played)).toEqual([
      [0, 3, 99],
      [1, 3, 99],
      [2, 2, 99],
    ]);
    expect(played.fills.map(({ bar, maker, quantity }) => [bar, maker, quantity])).toEqual([
      [1, true, 3],
      [2, true, 3],
      [3, true, 2],
    ]);
  });

  test('show at least what the venue takes', () => {
    const shown = (fields: object, answer: Decision) =>
      parts(trade({ 0: answer }, calm(4), { instruments: [spot(fields)] })).map(([, quantity]) => quantity);
    const some = { kind: 'iceberg', shown: 0.01, limit: 99 } as const;
    expect(shown({ minQuantity: 2_000 }, by(some))).toEqual([2, 2, 2, 2]);
    expect(shown({ minNotional: 29_700, lotSize: 500 }, by(some))).toEqual([3, 5]);
    const spent = trade({ 0: target(0.5, { algorithm: some }) }, calm(3), {
      instruments: [spot({ minNotional: 99_000 })],
    });
    expect(spent.fills.map(({ quantity }) => quantity)).toEqual([10, 10]);
  });

  test('show no less than a thousandth of the whole', () => {
    const played = trade({ 0: by({ kind: 'iceberg', shown: 0.001, limit: 99 }) }, calm(3));
    expect(parts(played).map(([, quantity]) => quantity)).toEqual([0.008, 0.008, 0.008]);
  });

  test('follow the last close, behind it by the offset', () => {
    const rows: Row[] = [[100, 100, 100, 100], [102, 102, 102, 102], [104, 104, 104, 104], [103, 103, 101, 103], CALM];
    const played = trade({ 0: by({ kind: 'peg', offsetBps: 100 }) }, rows);
    expect(parts(played)).toEqual([
      [0, 8, 99],
      [1, 8, 100.98],
      [2, 8, 102.96],
    ]);
    expect(played.fills).toMatchObject([{ bar: 3, price: 102.96, maker: true, position: 8 }]);
    const sold = trade(
      { 0: buy({ quantity: 8 }), 1: sell({ quantity: 8, algorithm: { kind: 'peg', offsetBps: 100 } }) },
      rows,
    );
    expect(parts(sold, 2)[0]).toEqual([1, 8, 103.02]);
  });
});

describe('what a strategy asks for', () => {
  const failed = (fields: object) => trade({ 0: by(fields as never) }, calm(2)).of('StrategyFailed').length;
  test.each([
    [{ kind: 'fast' }],
    [{ kind: 'twap' }],
    [{ kind: 'twap', cycles: 2, durationMs: 60_000 }],
    [{ kind: 'twap', cycles: 0 }],
    [{ kind: 'twap', cycles: 2, slices: 1_001 }],
    [{ kind: 'twap', cycles: 2, atEnd: 'later' }],
    [{ kind: 'twap', cycles: 2, shown: 1 }],
    [{ kind: 'vwap', durationMs: 60_000 }],
    [{ kind: 'iceberg', shown: 1 }],
    [{ kind: 'iceberg', limit: 99 }],
    [{ kind: 'iceberg', limit: 99, shownShare: 1.5 }],
    [{ kind: 'peg', offsetBps: 0.5 }],
    [{ kind: 'peg', limit: -1 }],
  ])('is refused where it makes no sense: %o', (algorithm) => {
    expect(failed(algorithm)).toBe(1);
  });

  test('is refused beside a type or a time in force of its own', () => {
    for (const fields of [
      { type: 'limit', price: 99 },
      { timeInForce: 'ioc' },
      { postOnly: true },
      { oneCancelsOther: 'a' },
    ])
      expect(trade({ 0: by(twap(), fields) }, calm(2)).of('StrategyFailed')).toHaveLength(1);
  });
});
