import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { runBacktest } from '../../../core/backtest/run.ts';
import { openCycle, runCycle } from '../../../core/cycle.ts';
import type { EngineSnapshot } from '../../../core/engine/engine.ts';
import { sma } from '../../../core/indicators/index.ts';
import { fromCheckpointJson, toCheckpointJson } from '../../../core/json.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import type { StrategyCheckpoint } from '../../../core/strategies/runner.ts';
import {
  account,
  bars,
  MINUTE,
  open,
  play,
  type Row,
  running,
  runStep,
  START,
  scripted,
  spot,
  stepsOf,
} from '../engine/account.ts';
import { buy, CALM, target, trade } from '../execution/trade.ts';

const failures = (played: ReturnType<typeof play>) => {
  const texts = new Map(
    played.of('TextDefined').map(({ body }) => [(body as { index: number }).index, (body as { text: string }).text]),
  );
  return played.of('StrategyFailed').map((event) => texts.get(event.reason as number));
};

describe('a strategy that fails', () => {
  const failing = (answer: () => unknown) =>
    scripted((_, bar) =>
      bar === 0
        ? buy({ quantity: 1, stopLoss: 0.05 })
        : bar === 2
          ? (answer() as never)
          : bar === 3
            ? target(0)
            : undefined,
    );

  const cases: readonly (readonly [what: string, answer: () => unknown, recorded: RegExp])[] = [
    [
      'throws an error',
      () => {
        throw new TypeError('no such thing');
      },
      /^TypeError: no such thing$/,
    ],
    [
      'throws what is no error',
      () => {
        throw 'a fit';
      },
      /^it threw a fit$/,
    ],
    [
      'throws what has no text',
      () => {
        throw Object.create(null);
      },
      /no text/,
    ],
    [
      'throws a very long text',
      () => {
        throw new Error('x'.repeat(5_000));
      },
      /^Error: x{193}$/,
    ],
    ['returns a number', () => 1, /returned 1/],
    ['returns a promise', () => Promise.resolve(), /no reason/],
    ['returns NaN as its exposure', () => target(Number.NaN), /exposure is NaN/],
    ['returns no exposure', () => target(undefined as never), /exposure is undefined/],
    ['returns far too much exposure', () => target(101), /exposure is 101/],
    ['returns an unknown kind', () => ({ kind: 'wish', reason: 'x' }), /unknown kind "wish"/],
    ['gives no reason', () => ({ kind: 'target', exposure: 1 }), /no reason/],
    ['returns a quantity that is no number', () => buy({ quantity: Number.NaN }), /quantity NaN/],
    ['returns a quantity below zero', () => buy({ quantity: -1 }), /quantity -1/],
    ['returns both a quantity and a share', () => buy({ quantity: 1, exposure: 1 }), /not both/],
    ['returns an unknown type', () => buy({ quantity: 1, type: 'iceberg' }), /type "iceberg"/],
    ['returns an unknown side', () => ({ ...(buy({ quantity: 1 }) as object), side: 'hold' }), /side "hold"/],
    ['returns an unknown time in force', () => buy({ quantity: 1, timeInForce: 'ever' }), /time in force "ever"/],
    ['trails by more than the price', () => buy({ quantity: 1, type: 'trailing-stop', trailing: 5 }), /trailing 5/],
    ['protects by the whole price', () => target(1, { stopLoss: 1 }), /stopLoss is 1/],
    [
      'protects with two stops',
      () => target(1, { stopLoss: 0.1, trailingStop: 0.1 }),
      /both a stopLoss and a trailingStop/,
    ],
    ['trails to a price', () => target(1, { trailingStop: { price: 90 } }), /trailingStop is a price/],
    ['groups by a number', () => buy({ quantity: 1, oneCancelsOther: 1 }), /group 1/],
    [
      'proposes what it does not trade',
      () => ({ ...(buy({ quantity: 1 }) as object), symbol: 'Z/USD' }),
      /proposed Z\/USD/,
    ],
    [
      'proposes a symbol that is none',
      () => ({ ...(buy({ quantity: 1 }) as object), symbol: Symbol('z') }),
      /TypeError/,
    ],
    [
      'returns too many proposals',
      () => Array.from({ length: 1_001 }, () => buy({ quantity: 0.001 })),
      /1001 proposals/,
    ],
  ];

  test.each(cases)('that %s is recorded, and nothing it has is lost', (_, answer, recorded) => {
    const played = play(account({ strategies: [running(failing(answer))] }), bars([CALM, CALM, CALM, CALM, CALM]));
    expect(failures(played)).toEqual([expect.stringMatching(recorded)]);
    // It was bought, it kept its stop, and the strategy was asked again.
    expect(played.fills.map((fill) => [fill.bar, fill.position])).toEqual([
      [1, 1],
      [4, 0],
    ]);
    expect(played.of('OrderActivated')).toHaveLength(1);
  });

  test('does not silence the others, nor the rest of its instruments', () => {
    const fails = scripted(({ symbol }) => {
      if (symbol === 'A/USD') throw new Error('not this one');
      return buy({ quantity: 1 });
    }, 'fails');
    const works = scripted((_, bar) => (bar === 0 ? buy({ quantity: 2 }) : undefined), 'works');
    const definition = account({
      instruments: [spot(), spot({ symbol: 'B/USD' })],
      strategies: [running(fails, { instruments: ['A/USD', 'B/USD'] }), running(works, { instruments: ['B/USD'] })],
    });
    const { fills, of } = play(
      definition,
      new Map([
        ['A/USD', bars([CALM, CALM])],
        ['B/USD', bars([CALM, CALM])],
      ]),
    );
    expect(of('StrategyFailed')).toMatchObject([
      { strategy: 0, instrument: 0 },
      { strategy: 0, instrument: 0 },
    ]);
    expect(fills.map((fill) => fill.quantity)).toEqual([1, 2]);
  });

  test('with one wrong proposal has none of its answer handled', () => {
    const answer = [buy({ quantity: 1 }), { ...(buy({ quantity: 1 }) as object), symbol: 'Z/USD' }] as never;
    const { of } = trade({ 0: answer }, [CALM, CALM]);
    expect([of('StrategyFailed').length, of('OrderInitialized').length]).toEqual([1, 0]);
  });
});

/** What a strategy of 5m bars with an average over two of them, and one over 15m, saw. */
interface Sight {
  readonly time: number;
  readonly bar: number;
  readonly value: number;
  readonly previous: number;
  readonly longer: number;
}

function observer(seen: Sight[]) {
  return strategy({
    name: 'observer',
    params: z.object({}),
    indicators: () => ({ average: sma(2), longer: sma(1).on('15m') }),
    onBar: ({ time, bar, average, longer }) => {
      seen.push({
        time: (time - START) / MINUTE,
        bar: bar.close,
        value: average.value,
        previous: average.previous,
        longer: longer.value,
      });
    },
  });
}

const closes = (count: number): Row[] =>
  Array.from({ length: count }, (_, k) => [100 + k, 100 + k, 100 + k, 100 + k] as Row);

describe('a strategy on a longer timeframe', () => {
  test('is asked when its bar has closed, and sees its own bars and those of a still longer one', () => {
    const seen: Sight[] = [];
    play(account({ strategies: [running(observer(seen) as never, { timeframe: '5m' })] }), bars(closes(31)));
    // 5m closes are 104, 109, 114, …; those of 15m 114 and 129. Before 15 minutes it is not warm.
    expect(seen).toEqual([
      { time: 15, bar: 114, value: 111.5, previous: 106.5, longer: 114 },
      { time: 20, bar: 119, value: 116.5, previous: 111.5, longer: 114 },
      { time: 25, bar: 124, value: 121.5, previous: 116.5, longer: 114 },
      { time: 30, bar: 129, value: 126.5, previous: 121.5, longer: 129 },
    ]);
  });

  test('sees the same bar by bar, restored between any two, and in one block, where bars are missing', () => {
    const rows = closes(120);
    const all = bars(rows);
    // Gaps that end a 15m bar without ending a 5m one, and that end two 5m bars with one base bar.
    const missing = new Set([
      11, 12, 13, 14, 33, 34, 35, 36, 37, 38, 45, 46, 47, 48, 56, 57, 58, 59, 60, 61, 62, 63, 90,
    ]);
    const kept = rows.map((_, k) => k).filter((k) => !missing.has(k));
    const columns = { ...all, length: kept.length };
    for (const column of ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const)
      columns[column] = Float64Array.from(kept, (k) => all[column][k]);
    const feed = new Map([['A/USD', columns]]);

    const whole: Sight[] = [];
    runBacktest(account({ strategies: [running(observer(whole) as never, { timeframe: '5m' })] }), feed);
    const single: Sight[] = [];
    const definition = account({ strategies: [running(observer(single) as never, { timeframe: '5m' })] });
    let engine = open(definition);
    for (const step of stepsOf(engine, feed)) {
      runStep(engine, step);
      const saved = JSON.stringify([toCheckpointJson(engine.snapshot()), engine.runners[0].checkpoint()]);
      const [snapshot, checkpoint] = JSON.parse(saved);
      engine = open(definition);
      engine.restore(fromCheckpointJson(snapshot) as EngineSnapshot);
      engine.runners[0].restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);
    }
    expect(single).toEqual(whole);
    expect(whole.length).toBeGreaterThan(10);
    for (const sight of whole) expect(Object.values(sight).every(Number.isFinite), JSON.stringify(sight)).toBe(true);
  });
});

describe('another instrument', () => {
  test('is seen as of this cycle, whichever of the two was declared first, and undefined before its first bar', () => {
    const seen: unknown[] = [];
    const watcher = strategy({
      name: 'watcher',
      params: z.object({}),
      indicators: () => ({ last: sma(1) }),
      onBar: ({ symbol, on, time }) => {
        const other = on(symbol === 'A/USD' ? 'B/USD' : 'A/USD');
        seen.push([
          symbol,
          (time - START) / MINUTE,
          other?.bar.close,
          (other as { last?: { value: number } } | undefined)?.last?.value,
        ]);
        expect(on('Z/USD')).toBeUndefined();
      },
    });
    const definition = account({
      instruments: [spot(), spot({ symbol: 'B/USD' })],
      strategies: [running(watcher as never, { instruments: ['A/USD', 'B/USD'] })],
    });
    const flat = (price: number): Row => [price, price, price, price];
    play(
      definition,
      new Map([
        ['A/USD', bars([flat(1), flat(2), flat(3)])],
        ['B/USD', bars([flat(20)], START + MINUTE)],
      ]),
    );
    expect(seen).toEqual([
      ['A/USD', 1, undefined, undefined],
      ['A/USD', 2, 20, 20],
      ['B/USD', 2, 2, 2],
      // B has no bar in the third cycle: its last one stands.
      ['A/USD', 3, 20, 20],
    ]);
  });
});

describe('a paused strategy', () => {
  test('is not asked, and knows what it missed when it goes on', () => {
    const seen: Sight[] = [];
    const engine = open(account({ strategies: [running(observer(seen) as never, { timeframe: '5m' })] }));
    for (const step of stepsOf(engine, new Map([['A/USD', bars(closes(31))]]))) {
      engine.paused[0] = step.time < START + 30 * MINUTE;
      runStep(engine, step);
    }
    expect(seen).toEqual([{ time: 30, bar: 129, value: 126.5, previous: 121.5, longer: 129 }]);
  });
});

describe('its memory', () => {
  test('is kept for each instrument, and survives a checkpoint', () => {
    const counts: unknown[] = [];
    const counter = strategy({
      name: 'counter',
      params: z.object({}),
      indicators: () => ({}),
      state: () => ({ bars: 0, odd: Number.NaN }),
      onBar: ({ symbol, state }) => {
        state.bars++;
        counts.push([symbol, state.bars, state.odd]);
      },
    });
    const definition = account({
      instruments: [spot(), spot({ symbol: 'B/USD' })],
      strategies: [running(counter as never, { instruments: ['A/USD', 'B/USD'] })],
    });
    const feed = new Map([
      ['A/USD', bars([CALM, CALM])],
      ['B/USD', bars([CALM], START + MINUTE)],
    ]);
    const first = open(definition);
    const [one, two] = stepsOf(first, feed);
    runStep(first, one);
    const saved = JSON.parse(JSON.stringify([toCheckpointJson(first.snapshot()), first.runners[0].checkpoint()]));
    const second = open(definition);
    second.restore(fromCheckpointJson(saved[0]) as EngineSnapshot);
    second.runners[0].restore(fromCheckpointJson(saved[1]) as StrategyCheckpoint);
    runStep(second, two);
    expect(counts).toEqual([
      ['A/USD', 1, Number.NaN],
      ['A/USD', 2, Number.NaN],
      ['B/USD', 1, Number.NaN],
    ]);
  });

  test('does not change the checkpoint that it went on from', () => {
    const keeper = strategy({
      name: 'keeper',
      params: z.object({}),
      indicators: () => ({}),
      state: () => ({ bars: [0] }),
      onBar: ({ state }) => void state.bars.push(state.bars.length),
    });
    const definition = account({ strategies: [running(keeper as never)] });
    const [one, two] = stepsOf(open(definition), new Map([['A/USD', bars([CALM, CALM])]]));
    const first = open(definition);
    runStep(first, one);
    const checkpoint = first.runners[0].checkpoint();
    const text = JSON.stringify(checkpoint);
    const second = open(definition);
    second.runners[0].restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);
    runStep(second, two);
    expect(JSON.stringify(checkpoint)).toBe(text);
    expect(JSON.stringify(second.runners[0].checkpoint())).toContain('"bars":[0,1,2]');
  });
});

describe('a cycle without bars', () => {
  test('asks nobody and changes nothing', () => {
    let asked = 0;
    const engine = open(account({ strategies: [running(scripted(() => void asked++))] }));
    const before = engine.journal.sequence;
    openCycle(engine, START + MINUTE);
    runCycle(engine);
    expect([asked, engine.journal.sequence, engine.equity]).toEqual([0, before, 1_000_000]);
  });
});
