import { describe, expect, test } from 'vitest';
import { execute, reconcile, risk, signal } from '../../../core/cycle.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { fold } from '../../../core/ledger/fold.ts';
import { flatten } from '../../../core/risk/flatten.ts';
import {
  cancelOne,
  cancelOpenings,
  halt,
  haltMarket,
  haltStrategy,
  reduce,
  reduceUnlessHalted,
  resume,
} from '../../../core/risk/kill-switch.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import {
  account,
  bars,
  ingest,
  open,
  type Played,
  play,
  playedOf,
  type Row,
  running,
  runStep,
  scripted,
  spot,
  stepsOf,
} from '../engine/account.ts';
import { both, buy, CALM, sell, WIDE } from '../execution/trade.ts';

function run(
  answers: Readonly<Record<number, Decision>>,
  rows: readonly Row[],
  each: (engine: Engine, cycle: number) => void,
  limits: LimitsInput = {},
): Played {
  return play(
    account({ strategies: [running(scripted((_, bar) => answers[bar]))], limits: { ...WIDE, ...limits } }),
    bars(rows),
    each,
  );
}

const flat = (price: number): Row => [price, price, price, price];
const states = (played: Played) => played.of('TradingStateChanged').map((event) => [event.from, event.to]);

describe('the kill switch', () => {
  const bracket = buy({ quantity: 1, stopLoss: 0.05 });

  test('cancels every working order, stops and waiting legs included, and leaves the position', () => {
    const resting = buy({ type: 'limit', quantity: 1, price: 50, stopLoss: 0.05, takeProfit: 0.1 });
    const played = run({ 0: both(bracket, resting) }, [CALM, CALM, [100, 101, 40, 50]], (engine, cycle) => {
      if (cycle === 1) halt(engine, 'by hand');
    });
    expect(played.of('OrderCanceled')).toHaveLength(4);
    expect(played.fills).toHaveLength(1);
    expect([played.engine.workingOrders, played.engine.reservedCash, played.engine.position(0, 0).quantity]).toEqual([
      0, 0, 1_000,
    ]);
  });

  test('holds back at the second door what passed risk before', () => {
    for (const [stop, sent] of [
      [halt, 0],
      [reduce, 1],
    ] as const) {
      const script = scripted((_, bar) =>
        bar === 1 ? both(bracket, sell({ quantity: 1 })) : bar === 0 ? buy({ quantity: 2 }) : undefined,
      );
      const engine = open(account({ strategies: [running(script)], limits: WIDE }));
      const [first, second] = stepsOf(engine, new Map([['A/USD', bars([CALM, CALM])]]));
      runStep(engine, first);
      ingest(engine, second);
      reconcile(engine);
      signal(engine);
      risk(engine);
      stop(engine, 'by hand');
      execute(engine);
      const { of } = playedOf(engine);
      expect(of('OrderSubmitted').length - 1).toBe(sent);
      expect([engine.workingOrders, engine.intents.length]).toEqual([sent, 0]);
    }
  });

  test('thrown twice says so once', () => {
    const played = run({}, [CALM, CALM, CALM], (engine) => halt(engine, 'by hand'));
    expect(states(played)).toEqual([['Active', 'Halted']]);
  });
});

describe('reducing', () => {
  test('is loosened from a halt by a person alone', () => {
    const seen = (stop: typeof reduce) =>
      states(
        run({}, [CALM, CALM], (engine, cycle) => {
          if (cycle === 0) halt(engine, 'by hand');
          else stop(engine, 'later');
        }),
      );
    expect(seen(reduceUnlessHalted)).toEqual([['Active', 'Halted']]);
    expect(seen(reduce)).toEqual([
      ['Active', 'Halted'],
      ['Halted', 'Reducing'],
    ]);
    expect(states(run({}, [CALM, CALM], (engine) => reduceUnlessHalted(engine, 'by itself')))).toEqual([
      ['Active', 'Reducing'],
    ]);
  });

  test('cancels what could open and keeps what protects', () => {
    const answers = { 0: both(buy({ quantity: 1, stopLoss: 0.05 }), buy({ type: 'limit', quantity: 1, price: 90 })) };
    const played = run(answers, [CALM, CALM, [100, 101, 85, 90]], (engine, cycle) => {
      if (cycle === 1) reduce(engine, 'by hand');
    });
    expect(played.fills.map((fill) => [fill.purpose, fill.price])).toEqual([
      ['entry', 100],
      ['stop-loss', 95],
    ]);
  });
});

describe('the drawdown breaker', () => {
  const limits = { maxDrawdown: 0.1 };
  const answers = { 0: buy({ quantity: 100 }) };

  test('trips once, past its limit, and stays', () => {
    const at = run(answers, [CALM, CALM, flat(90), flat(90)], () => {}, limits);
    expect(states(at)).toEqual([]);
    const past = run(answers, [CALM, CALM, flat(89.99), flat(80), flat(120), flat(100)], () => {}, limits);
    expect(states(past)).toEqual([['Active', 'Reducing']]);
    expect(past.engine.tradingState).toBe('Reducing');
  });

  test('cancels entries that were waiting for the fall', () => {
    const waiting = { 0: both(buy({ quantity: 50 }), buy({ type: 'limit', quantity: 10, price: 60 })) };
    const played = run(waiting, [CALM, CALM, flat(75), flat(55)], () => {}, limits);
    expect(played.fills).toHaveLength(1);
  });

  test('counts from the equity of the moment at which trading was resumed', () => {
    const rows = [CALM, CALM, flat(80), flat(80), flat(72), flat(71.99)];
    const tripped: number[] = [];
    const played = run(
      answers,
      rows,
      (engine, cycle) => {
        if (engine.tradingState === 'Reducing') tripped.push(cycle);
        if (cycle === 2) resume(engine, 'by hand');
      },
      limits,
    );
    // 10 % below 80 is 72: at it all is well, below it the breaker trips again.
    expect(tripped).toEqual([2, 5]);
    expect(states(played)).toEqual([
      ['Active', 'Reducing'],
      ['Reducing', 'Active'],
      ['Active', 'Reducing'],
    ]);
  });

  test('leaves a halt as it is', () => {
    const played = run(
      answers,
      [CALM, CALM, flat(50), flat(50)],
      (engine, cycle) => {
        if (cycle === 1) halt(engine, 'by hand');
      },
      limits,
    );
    expect(states(played)).toEqual([['Active', 'Halted']]);
  });
});

describe('what is narrower than the account', () => {
  const two = (answer: (id: string, bar: number) => Decision | undefined) =>
    account({
      strategies: ['one', 'other'].map((id) =>
        running(
          scripted((_, bar) => answer(id, bar)),
          { id },
        ),
      ),
      limits: WIDE,
    });
  const resting = buy({ type: 'limit', quantity: 1, price: 50 });

  test('a halted strategy loses its orders and what it had proposed; the other goes on', () => {
    const engine = open(two((_, bar) => (bar < 2 ? both(resting, buy({ quantity: 1 })) : undefined)));
    const [first, second, third] = stepsOf(engine, new Map([['A/USD', bars([CALM, CALM, CALM])]]));
    runStep(engine, first);
    ingest(engine, second);
    reconcile(engine);
    signal(engine);
    haltStrategy(engine, 0, 'a drill');
    expect(engine.proposals.map(({ strategy }) => strategy)).toEqual([1, 1]);
    risk(engine);
    execute(engine);
    runStep(engine, third);
    const { of } = playedOf(engine);
    expect(of('StrategyPaused')).toMatchObject([{ strategy: 0, paused: true }]);
    expect(of('OrderDenied').map(({ strategy, denial }) => [strategy, denial])).toEqual([
      [0, 'TRADING_HALTED'],
      [0, 'TRADING_HALTED'],
    ]);
    expect(engine.markets[0].orders.map(({ strategy }) => strategy)).toEqual([1, 1]);
    expect([engine.position(0, 0).quantity, engine.position(1, 0).quantity]).toEqual([1_000, 2_000]);
    expect(fold(engine.journal.events()).account.strategies.map(({ paused }) => paused)).toEqual([true, false]);
  });

  test('nothing is opened in a halted instrument, from the next commit to a restored engine, and what closes passes', () => {
    const answers: Record<number, Decision> = {
      0: both(resting, buy({ quantity: 2 })),
      1: buy({ quantity: 1 }),
      2: both(buy({ quantity: 1 }), sell({ quantity: 2 })),
      4: buy({ quantity: 1 }),
    };
    const definition = account({ strategies: [running(scripted((_, bar) => answers[bar]))], limits: WIDE });
    const engine = open(definition);
    const steps = stepsOf(engine, new Map([['A/USD', bars(Array.from({ length: 6 }, () => CALM))]]));
    runStep(engine, steps[0]);
    ingest(engine, steps[1]);
    reconcile(engine);
    signal(engine);
    risk(engine);
    haltMarket(engine, engine.markets[0], 'a drill');
    expect([engine.intents.length, engine.workingOrders, engine.reservedCash]).toEqual([0, 0, 0]);
    engine.restore(JSON.parse(JSON.stringify(engine.snapshot())));
    expect(engine.markets[0].halted).toEqual({ reason: 'a drill', since: engine.time });
    for (const step of steps.slice(2, 4)) runStep(engine, step);
    const { of } = playedOf(engine);
    expect(of('OrderDenied').map(({ denial }) => denial)).toContain('INSTRUMENT_RESTRICTED');
    expect(of('OrderFilled')).toHaveLength(2);
    expect(engine.position(0, 0).quantity).toBe(0);
    expect(fold(engine.journal.events()).account.instruments[0].halted).toBe(true);
  });
});

describe('canceling', () => {
  /** In the third cycle, after risk: two are held with their stop, one rests, and two more are about to be sent with theirs. */
  function busy(): Engine {
    const answers: Record<number, Decision> = {
      0: both(buy({ quantity: 2, stopLoss: 0.05 }), buy({ type: 'limit', quantity: 1, price: 50, stopLoss: 0.05 })),
      2: both(buy({ quantity: 1, stopLoss: 0.05 }), sell({ type: 'limit', quantity: 1, price: 150 })),
    };
    const engine = open(account({ strategies: [running(scripted((_, bar) => answers[bar]))], limits: WIDE }));
    const [first, second, third] = stepsOf(engine, new Map([['A/USD', bars([CALM, CALM, CALM])]]));
    for (const step of [first, second]) runStep(engine, step);
    ingest(engine, third);
    reconcile(engine);
    signal(engine);
    risk(engine);
    return engine;
  }
  const brief = ({ markets: [{ orders, held }], intents }: Engine) =>
    [orders, held, intents].map((list) => list.map(({ purpose, type }) => `${purpose} ${type}`));

  test('what could open ends it at work and about to be sent, with the legs that wait for it; protection stays', () => {
    const engine = busy();
    expect(brief(engine)).toEqual([
      ['entry limit', 'stop-loss stop'],
      ['stop-loss stop'],
      ['entry market', 'stop-loss stop', 'exit limit'],
    ]);
    expect(cancelOpenings(engine, 'disarmed')).toBe(2);
    expect(brief(engine)).toEqual([['stop-loss stop'], [], ['exit limit']]);
    expect(cancelOpenings(engine, 'disarmed')).toBe(0);
  });

  test('one order leaves the others, and what is about to be sent', () => {
    const engine = busy();
    cancelOne(engine, engine.markets[0].orders[0], 'by hand');
    expect(brief(engine)).toEqual([['stop-loss stop'], [], ['entry market', 'stop-loss stop', 'exit limit']]);
  });

  test('everything is what a halt does, about to be sent or not', () => {
    const engine = busy();
    halt(engine, 'by hand');
    expect(brief(engine)).toEqual([[], [], []]);
    expect(engine.reservedCash).toBe(0);
    const { events, of } = playedOf(engine);
    const texts = events
      .filter(({ kind }) => kind === 'TextDefined')
      .map(({ body }) => (body as { text: string }).text);
    expect(texts).toContain('trading is halted');
    expect(of('OrderCanceled')).toHaveLength(6);
  });
});

describe('the switch of a strategy and of an instrument', () => {
  test('says so once, as resuming does, and lets cancels of the strategy pass', () => {
    const engine = open(account({ strategies: [running(scripted(() => undefined))], limits: WIDE }));
    const [step] = stepsOf(engine, new Map([['A/USD', bars([CALM])]]));
    ingest(engine, step);
    const cancel = { kind: 'cancel', reason: 'no more' } as const;
    engine.proposals = [{ strategy: 0, instrument: 0, proposal: cancel }];
    for (let k = 0; k < 2; k++) {
      haltStrategy(engine, 0, 'a drill');
      haltMarket(engine, engine.markets[0], 'a drill');
      resume(engine, 'nothing was stopped');
    }
    const { of } = playedOf(engine);
    const kinds = ['StrategyPaused', 'InstrumentHalted', 'TradingStateChanged', 'OrderDenied'] as const;
    expect(kinds.map((kind) => of(kind).length)).toEqual([1, 1, 0, 0]);
  });

  test('leaves the orders of another instrument', () => {
    const instruments = [spot(), spot({ symbol: 'B/USD', base: 'B' })];
    const script = scripted((_, bar) => (bar < 2 ? buy({ type: 'limit', quantity: 1, price: 50 }) : undefined));
    const strategies = [running(script, { instruments: ['A/USD', 'B/USD'] })];
    const engine = open(account({ instruments, strategies, limits: WIDE }));
    const all = new Map(instruments.map(({ symbol }) => [symbol, bars([CALM])]));
    for (const step of stepsOf(engine, all)) runStep(engine, step);
    expect(engine.markets.map(({ orders }) => orders.length)).toEqual([1, 1]);
    haltMarket(engine, engine.markets[0], 'a drill');
    expect(engine.markets.map(({ orders }) => orders.length)).toEqual([0, 1]);
  });
});

describe('flattening', () => {
  const long = { 0: both(buy({ quantity: 2, stopLoss: 0.05 }), buy({ type: 'limit', quantity: 1, price: 90 })) };
  const everything = () => true;

  test.each([
    [halt, 'Halted'],
    [reduce, 'Reducing'],
  ] as const)('closes a position with one market order although trading was stopped', (stop, state) => {
    const played = run(long, [CALM, CALM, CALM, CALM], (engine, cycle) => {
      if (cycle !== 1) return;
      stop(engine, 'a drill');
      const [first] = flatten(engine, 'flattened: a drill', everything);
      expect(first).toMatchObject({ held: 2_000, closes: 2_000, denial: undefined });
      // Again, by the breaker and by the person: the order stays, and is the only one.
      halt(engine, 'again');
      haltStrategy(engine, 0, 'again');
      haltMarket(engine, engine.markets[0], 'again');
      expect(flatten(engine, 'again', everything)).toEqual([first]);
      expect(engine.markets[0].orders.map(({ purpose }) => purpose)).toEqual(['flatten']);
    });
    expect(played.fills.map(({ purpose, quantity }) => [purpose, quantity])).toEqual([
      ['entry', 2],
      ['flatten', 2],
    ]);
    expect(played.engine.openPositions).toBe(0);
    expect(played.of('TradingStateChanged')[0].to).toBe(state);
  });

  test('leaves out what it does not cover, and does not touch what is flat', () => {
    run(long, [CALM, CALM], (engine, cycle) => {
      if (cycle === 1) expect(flatten(engine, 'a drill', () => false)).toEqual([]);
    });
    run({}, [CALM, CALM], (engine) => expect(flatten(engine, 'a drill', everything)).toEqual([]));
  });

  /** Two strategies hold two each; after a change of what they hold, or of their orders, all is flattened again. */
  function again(change: (engine: Engine) => void, lotSize = 1) {
    const strategies = ['one', 'other'].map((id) =>
      running(
        scripted((_, bar) => (bar === 0 ? buy({ quantity: 2 }) : undefined)),
        { id },
      ),
    );
    const engine = open(account({ strategies, limits: WIDE, instruments: [spot({ lotSize })] }));
    for (const step of stepsOf(engine, new Map([['A/USD', bars([CALM, CALM])]]))) runStep(engine, step);
    const first = flatten(engine, 'a drill', everything);
    change(engine);
    return { first, second: flatten(engine, 'again', everything), orders: engine.markets[0].orders };
  }

  test('is by one order for each strategy, which stays where it closes what is held', () => {
    const { first, second, orders } = again(() => undefined);
    expect(first.map(({ strategy, order, closes }) => [strategy, order, closes])).toEqual([
      [0, 3, 2_000],
      [1, 4, 2_000],
    ]);
    expect(second).toEqual(first);
    expect(orders).toHaveLength(2);
  });

  test('counts what the order has filled, and whole lots alone', () => {
    const { first, second } = again((engine) => {
      engine.markets[0].orders[0].filled = 700;
      engine.position(0, 0).quantity = 1_350;
    }, 100);
    expect(second).toEqual([{ ...first[0], held: 1_350, closes: 1_300 }, first[1]]);
  });

  test('is by another order where the position has changed since', () => {
    const { first, second, orders } = again((engine) => {
      engine.position(0, 0).quantity = 1_500;
    });
    expect(second.map(({ order, closes }) => [order, closes])).toEqual([
      [5, 1_500],
      [4, 2_000],
    ]);
    expect(orders.map(({ id }) => id)).not.toContain(first[0].order);
  });

  test('tells the code where a remainder is too small to be sold', () => {
    run(long, [CALM, CALM], (engine, cycle) => {
      if (cycle !== 1) return;
      Object.assign(engine.markets[0], { lot: 5_000 });
      expect(flatten(engine, 'a drill', everything)).toMatchObject([{ order: 0, denial: 'QUANTITY_BELOW_MIN' }]);
    });
  });
});

describe('the fold', () => {
  test('refuses an order that a stop forbids', () => {
    const played = run({ 0: buy({ quantity: 1 }), 2: buy({ quantity: 1 }) }, [CALM, CALM, CALM, CALM], () => {});
    const events = [...played.engine.journal.events()];
    const second = events.findLastIndex(({ kind }) => kind === 'OrderInitialized');
    const { cycle } = events[second];
    const stops: readonly (readonly [LedgerEvent, string])[] = [
      [
        { kind: 'TradingStateChanged', version: 1, cycle, from: 'Active', to: 'Halted', reason: 0, equity: '1' },
        'purpose',
      ],
      [
        { kind: 'TradingStateChanged', version: 1, cycle, from: 'Active', to: 'Reducing', reason: 0, equity: '1' },
        'reduceOnly',
      ],
      [{ kind: 'InstrumentHalted', version: 1, cycle, instrument: 0, halted: true, reason: 0 }, 'reduceOnly'],
    ];
    expect(() => fold(events)).not.toThrow();
    for (const [stop, what] of stops)
      expect(() => fold(events.toSpliced(second, 0, stop))).toThrow(new RegExp(`OrderInitialized.*${what}`));
    const submitted = events.findLastIndex(({ kind }) => kind === 'OrderSubmitted');
    expect(() => fold(events.toSpliced(submitted, 0, stops[0][0]))).toThrow(/OrderSubmitted.*purpose/);
    const again = [...events.slice(0, second), stops[2][0], stops[2][0]];
    expect(() => fold(again)).toThrow(/InstrumentHalted.*halted/);
  });
});
