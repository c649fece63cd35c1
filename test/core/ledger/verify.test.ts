import { describe, expect, test } from 'vitest';
import type { Json } from '../../../core/json.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { fold } from '../../../core/ledger/fold.ts';
import { Journal } from '../../../core/ledger/journal.ts';
import { upcast } from '../../../core/ledger/upcasters.ts';
import { type LedgerFault, LedgerVerifier, verifyLedger } from '../../../core/ledger/verify.ts';
import { type Commit, LEDGER_BOUNDS } from '../../../core/ports/ledger.ts';
import { open, perpetual, runStep, spot, stepsOf } from '../engine/account.ts';
import { randomAccount } from '../engine/random-account.ts';
import { buy, CALM, sell, target, trade, WIDE } from '../execution/trade.ts';

/** Events as commits of `size`, with the hashes that belong to them. */
function commitsOf(events: readonly LedgerEvent[], size = 7): Commit[] {
  const journal = new Journal();
  const commits: Commit[] = [];
  for (let at = 0; at < events.length; at += size) {
    const batch = events.slice(at, at + size);
    for (const event of batch) journal.append(event);
    commits.push({
      stream: 'test/account',
      number: commits.length + 1,
      firstSequence: at + 1,
      events: batch as unknown as Json[],
      hash: journal.head(),
    });
  }
  return commits;
}

const perpetuals = {
  instruments: [perpetual({ fundingIntervalMs: 60_000, takerFeeBps: 10 })],
  execution: { fundingBps: 10 },
  limits: { ...WIDE, allowShort: true },
};
/** Written anew for each test: while files are read, no code of the ledger runs, so that mutants of it are seen by the tests that run them. */
const written = () =>
  trade(
    { 0: buy({ quantity: 2, stopLoss: 0.05, takeProfit: 0.1 }), 2: target(0) },
    [CALM, CALM, CALM, CALM, CALM],
    perpetuals,
  );

/** The first fault of the ledger with one event changed, and the chain made anew over it. */
function faultOf(
  kind: LedgerEvent['kind'],
  change: (event: LedgerEvent) => object,
  events = written().events,
): LedgerFault {
  const at = events.findIndex((event) => event.kind === kind);
  expect(at, kind).toBeGreaterThanOrEqual(0);
  const result = verifyLedger(commitsOf(events.with(at, { ...events[at], ...change(events[at]) } as LedgerEvent)));
  expect(result).toMatchObject({ holds: false, sequence: at + 1, kind });
  return result as LedgerFault;
}

const more = (field: string) => (event: LedgerEvent) => ({ [field]: String(Number(event[field]) + 1) });

describe('a ledger that holds', () => {
  test('is verified to its head, whatever its commits', () => {
    const ledger = written();
    for (const size of [1, 5, 100, 1_000]) {
      expect(verifyLedger(commitsOf(ledger.events, size))).toMatchObject({
        holds: true,
        sequence: ledger.events.length,
        head: ledger.engine.journal.head(),
      });
    }
  });

  test('of random accounts is verified too, and read back from JSON', () => {
    for (let seed = 1; seed <= 15; seed++) {
      const { definition, bars } = randomAccount(seed, 120);
      const engine = open(definition);
      for (const step of stepsOf(engine, bars)) runStep(engine, step);
      const commits = JSON.parse(JSON.stringify(commitsOf([...engine.journal.events()], 90))) as Commit[];
      expect(verifyLedger(commits)).toMatchObject({ holds: true, head: engine.journal.head() });
    }
  });

  test('may have commits that end without a hash, where they are full and more of the same follows', () => {
    const { definition, bars } = randomAccount(1, 120);
    const engine = open(definition);
    for (const step of stepsOf(engine, bars)) runStep(engine, step);
    const events = [...engine.journal.events()];
    expect(events.length).toBeGreaterThan(LEDGER_BOUNDS.eventsPerCommit);
    const withFirstHash = (size: number, hash: string): Commit[] => {
      const commits = commitsOf(events, size);
      return commits.with(0, { ...commits[0], hash });
    };
    expect(verifyLedger(withFirstHash(100, ''))).toMatchObject({ holds: true, head: engine.journal.head() });
    expect(verifyLedger(withFirstHash(99, ''))).toMatchObject({ holds: false, sequence: 99, what: 'hash', found: '' });
    expect(verifyLedger(withFirstHash(100, '00'))).toMatchObject({ holds: false, sequence: 100, what: 'hash' });
  });

  test('folds to the account, by hand: bought 2 at 100, funded, sold at 100', () => {
    const ledger = written();
    // Fees 0.20 twice; funding 2 × 100 × 10 bps = 0.20 at the opens of the bars after the fill.
    const folded = fold(ledger.events);
    expect(folded.position(0, 0)).toEqual({ quantity: 0n, cost: 0n, realised: 0n, fees: 40n, funding: -40n });
    expect(folded.account).toMatchObject({
      cash: 999_920n,
      reservedCash: 0n,
      tradingState: 'Active',
      stream: 'test/account',
    });
    expect(folded.account.orders.map((order) => order.state)).toEqual(['Filled', 'Canceled', 'Canceled', 'Filled']);
  });

  test('averages costs and flips against the account', () => {
    // 3 for 300.10 in all: 1 of them costs 100.04, and selling 4 at 110 sells 2 of 200.06 and 2 more.
    const answers = {
      0: buy({ quantity: 1 }),
      1: buy({ quantity: 2 }),
      2: sell({ quantity: 1 }),
      3: sell({ quantity: 4 }),
    };
    const played = trade(answers, [CALM, CALM, [100.05, 101, 99, 100], [110, 111, 109, 110], [110, 111, 109, 110]], {
      limits: { ...WIDE, allowShort: true },
      instruments: [spot()],
    });
    expect(played.fills.map((fill) => fill.realised)).toEqual([0, 0, 9.96, 19.94]);
    expect(fold(played.events).position(0, 0)).toMatchObject({ quantity: -2_000n, cost: -22_000n, realised: 2_990n });
  });
});

describe('a ledger that does not hold names its first wrong event', () => {
  test('an amount that does not follow', () => {
    for (const field of ['fee', 'realised', 'cash', 'position'])
      expect(faultOf('OrderFilled', more(field)).what).toBe(field);
    for (const field of ['amount', 'cash']) expect(faultOf('FundingSettled', more(field)).what).toBe(field);
    expect(faultOf('CashMoved', more('cash'))).toMatchObject({ what: 'cash', expected: '1000000', found: '1000001' });
  });

  test('a cost of borrowing that does not follow', () => {
    const hours = { timeframe: '6h', interval: 21_600_000 } as const;
    const short = trade(
      { 0: sell({ quantity: 1 }) },
      Array.from({ length: 7 }, () => CALM),
      { ...hours, limits: { ...WIDE, allowShort: true }, execution: { borrowBpsPerYear: 365 } },
    );
    for (const field of ['amount', 'cash'])
      expect(faultOf('BorrowCharged', more(field), short.events).what).toBe(field);
  });

  test('a fill above the quantity, the budget, the limit or the position', () => {
    const fills = (answers: Parameters<typeof trade>[0]) => trade(answers, [CALM, CALM, CALM]).events;
    expect(faultOf('OrderFilled', () => ({ quantity: '2001' }), fills({ 0: buy({ quantity: 2 }) }))).toMatchObject({
      what: 'quantity',
      expected: 'at most 2000',
    });
    // A share of everything is a budget: the amounts of a larger fill are made to agree, so that only the budget is passed.
    const larger = faultOf(
      'OrderFilled',
      () => ({ quantity: '100001', position: '100001', cash: '-10' }),
      fills({ 0: target(1) }),
    );
    expect(larger).toMatchObject({ what: 'budget', found: '1000010' });
    const limit = fills({ 0: buy({ type: 'limit', quantity: 1, price: 100 }) });
    expect(faultOf('OrderFilled', () => ({ price: '10001' }), limit)).toMatchObject({
      what: 'price',
      expected: 'no worse than 10000',
    });
    const events = fills({ 0: buy({ quantity: 1 }), 1: sell({ quantity: 1 }) });
    const at = events.findLastIndex((event) => event.kind === 'OrderInitialized');
    const wider = events.with(at, { ...events[at], quantity: '5000' } as LedgerEvent);
    const last = events.findLastIndex((event) => event.kind === 'OrderFilled');
    const result = verifyLedger(commitsOf(wider.with(last, { ...events[last], quantity: '1001' } as LedgerEvent)));
    expect(result).toMatchObject({ holds: false, sequence: last + 1, expected: 'at most 1000, which is held' });
  });

  test('a state that may not follow', () => {
    const ledger = written();
    const at = ledger.events.findIndex((event) => event.kind === 'OrderAccepted');
    const twice = ledger.events.toSpliced(at, 0, ledger.events[at]);
    expect(verifyLedger(commitsOf(twice))).toMatchObject({
      holds: false,
      sequence: at + 2,
      kind: 'OrderAccepted',
      what: 'state',
      found: 'Accepted',
    });
    const submitted = ledger.events.findIndex((event) => event.kind === 'OrderSubmitted');
    expect(verifyLedger(commitsOf(ledger.events.toSpliced(submitted, 1)))).toMatchObject({
      holds: false,
      kind: 'OrderAccepted',
      what: 'state',
      found: 'Initialized',
    });
  });

  test('an order, an instrument, a strategy or a text that is not there', () => {
    expect(faultOf('OrderSubmitted', () => ({ order: 99 })).what).toBe('order');
    expect(faultOf('OrderInitialized', () => ({ order: 2 })).what).toBe('order');
    expect(faultOf('OrderInitialized', () => ({ instrument: 1 })).what).toBe('instrument');
    expect(faultOf('OrderInitialized', () => ({ strategy: 1 })).what).toBe('strategy');
    expect(faultOf('OrderInitialized', () => ({ reason: 9 })).what).toBe('reason');
    expect(faultOf('OrderInitialized', () => ({ reserved: '-1' })).what).toBe('reserved');
  });

  test('a time that runs backwards, a stream without a beginning, an index that skips', () => {
    const ledger = written();
    expect(faultOf('OrderFilled', (event) => ({ cycle: event.cycle - 60_001 })).what).toBe('cycle');
    expect(verifyLedger(commitsOf(ledger.events.slice(1)))).toMatchObject({ holds: false, sequence: 1, what: 'kind' });
    expect(faultOf('InstrumentListed', (event) => ({ body: { ...(event.body as object), index: 1 } })).what).toBe(
      'index',
    );
  });

  test('a field that the chain does not cover', () => {
    expect(faultOf('OrderFilled', () => ({ note: 'trust me' }))).toMatchObject({
      what: 'note',
      expected: 'no such field',
      found: 'trust me',
    });
  });

  test('a chain that was made over other events', () => {
    const ledger = written();
    const commits = commitsOf(ledger.events);
    const changed = commits.with(1, { ...commits[1], hash: commits[0].hash });
    expect(verifyLedger(changed)).toMatchObject({
      holds: false,
      commit: 2,
      sequence: 14,
      kind: ledger.events[13].kind,
      what: 'hash',
      expected: commits[1].hash,
    });
  });

  test('a commit that is missing or out of place', () => {
    const ledger = written();
    const commits = commitsOf(ledger.events);
    expect(verifyLedger(commits.toSpliced(1, 1))).toMatchObject({
      holds: false,
      sequence: 8,
      what: 'commit',
      expected: '2',
      found: '3',
    });
    expect(verifyLedger(commits.with(1, { ...commits[1], firstSequence: 9 }))).toMatchObject({
      holds: false,
      what: 'firstSequence',
      expected: '8',
      found: '9',
    });
    expect(new LedgerVerifier().add({ ...commits[0], events: [] })).toMatchObject({
      what: 'events',
      expected: 'at least one',
      found: 'none',
    });
  });

  test('a defect of ours is no fault of the ledger', () => {
    const ledger = written();
    const broken = Object.defineProperty({ kind: 'CashMoved' }, 'version', {
      get: () => {
        throw new RangeError('ours');
      },
    });
    const [commit] = commitsOf(ledger.events);
    expect(() => new LedgerVerifier().add({ ...commit, events: [broken as Json] })).toThrow(RangeError);
  });

  test('an event that this release does not know', () => {
    const ledger = written();
    const strange = commitsOf(ledger.events);
    const events = [...strange[1].events];
    events[2] = { kind: 'DividendPaid', version: 1, cycle: 0 };
    expect(verifyLedger(strange.with(1, { ...strange[1], events }))).toMatchObject({
      holds: false,
      sequence: 10,
      kind: 'DividendPaid',
      what: 'event',
      expected: 'an event that can be read',
      found: expect.stringContaining('an event of the kind DividendPaid'),
    });
    events[2] = { ...(strange[1].events[2] as object), version: 9 } as never;
    expect(verifyLedger(strange.with(1, { ...strange[1], events }))).toMatchObject({
      holds: false,
      sequence: 10,
      what: 'event',
    });
  });

  test('a fold of it throws', () => {
    const ledger = written();
    const at = ledger.events.findIndex((event) => event.kind === 'OrderFilled');
    const wrong = ledger.events.with(at, { ...ledger.events[at], fee: '1' } as LedgerEvent);
    expect(() => fold(wrong)).toThrow(
      expect.objectContaining({
        code: 'LEDGER_DOES_NOT_FOLD',
        message: expect.stringContaining(`event ${at + 1} (OrderFilled)`),
      }),
    );
  });
});

describe('upcasters', () => {
  const current = { CashMoved: 3 };
  // Made up: the first version had its amount in whole units as `money`, the second named no cash after it.
  const table = {
    CashMoved: {
      1: ({ money, ...event }: LedgerEvent) => ({ ...event, amount: `${money}00` }) as LedgerEvent,
      2: (event: LedgerEvent) => ({ ...event, cash: event.amount }) as LedgerEvent,
    },
  };

  test('take an old version through every step to the current one', () => {
    const old = { kind: 'CashMoved', version: 1, cycle: 5, money: '12' };
    expect(upcast(old, table, current)).toEqual({
      kind: 'CashMoved',
      version: 3,
      cycle: 5,
      amount: '1200',
      cash: '1200',
    });
    expect(old).toEqual({ kind: 'CashMoved', version: 1, cycle: 5, money: '12' });
    expect(upcast({ kind: 'CashMoved', version: 2, cycle: 5, amount: '7' }, table, current)).toMatchObject({
      version: 3,
      cash: '7',
    });
  });

  test('leave a current event as it is', () => {
    const ledger = written();
    const event = ledger.events[0];
    expect(upcast(event)).toBe(event);
  });

  test('refuse a kind or version without a way to the current one, and what is no event', () => {
    for (const event of [
      { kind: 'Nonsense', version: 1, cycle: 0 },
      { kind: 'CashMoved', version: 4, cycle: 0 },
      { kind: 'CashMoved', version: 0, cycle: 0 },
      { kind: 'toString', version: 1, cycle: 0 },
      { kind: 'CashMoved' },
      null,
      'x',
    ]) {
      expect(() => upcast(event, table, current)).toThrow(expect.objectContaining({ code: 'LEDGER_EVENT_UNKNOWN' }));
    }
  });
});
