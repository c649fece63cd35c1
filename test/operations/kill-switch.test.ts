import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import { verifyLedger } from '../../core/ledger/verify.ts';
import type { CommitRequest, LedgerPort } from '../../core/ports/ledger.ts';
import type { HaltOutput, ResumeOutput } from '../../operations/trading-state/schema.ts';
import { eventsOf, runLive } from '../../platform/live-run.ts';
import { readAll } from '../adapters/embedded/temporary.ts';
import { type Desk, openDesk, START, SYMBOLS } from './desk.ts';

const PAPER = 'tests/paper';
const RESERVE = 'tests/reserve';
let desk: Desk;

beforeEach(async () => {
  desk = openDesk();
  await desk.run(30);
});

afterEach(async () => {
  for (const stream of await desk.steps.ledger.streams()) {
    const commits = await readAll(desk.steps.ledger, stream);
    if (commits.length > 0) expect(verifyLedger(commits).holds, stream).toBe(true);
  }
  await desk.close();
});

const halt = (input: object, as?: { key?: string }): Promise<HaltOutput> => desk.ask('trading-state.halt', input, as);
const resume = (input: object): Promise<ResumeOutput> => desk.ask('trading-state.resume', input);
const stateOf = async (account: string): Promise<string> =>
  ((await desk.ask('trading-state.get', { account })) as { state: string }).state;

describe('the scope of the kill switch', () => {
  it('is the instance where none is named: every account, each told apart', async () => {
    await openReserve();
    const told = await halt({ reason: 'a drill' });
    expect(told).toMatchObject({ scope: 'the instance', done: true, failed: [] });
    expect(told.accounts.map(({ account, state }) => [account, state])).toEqual([
      ['paper', 'Halted'],
      ['reserve', 'Halted'],
    ]);
    expect(await standing('paper')).toEqual([
      { scope: 'account', name: '', state: 'Halted', reason: 'a drill (admin, instance)', since: expect.any(Number) },
    ]);
    expect(await standing('reserve')).toHaveLength(1);
    expect(await resume({})).toMatchObject({ done: true, accounts: [{ state: 'Active' }, { state: 'Active' }] });
    expect(await standing('paper')).toEqual([]);
  });

  it('never tells an account as done that is not, and does only that one when asked again under the same key', async () => {
    const first = await halt({}, { key: 'k' });
    expect(first.done).toBe(false);
    expect(first.accounts.map(({ account }) => account)).toEqual(['paper']);
    expect(first.failed).toMatchObject([{ account: 'reserve', code: 'ACCOUNT_NOT_OPEN' }]);
    await openReserve();
    const commits = (await desk.steps.ledger.head(PAPER)).commit;
    const second = await halt({}, { key: 'k' });
    expect(second).toMatchObject({ done: true, failed: [] });
    expect(second.accounts[0]).toEqual(first.accounts[0]);
    expect((await desk.steps.ledger.head(PAPER)).commit).toBe(commits);
    expect(await stateOf('reserve')).toBe('Halted');
    await expect(halt({ flatten: true }, { key: 'k' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('stops nothing twice where two accounts meet a ledger that fails for one of them', async () => {
    await openReserve();
    const { ledger } = desk.steps;
    withLedger({
      commit: async (request) => {
        if (request.stream === RESERVE) throw new PlimsollError('DISK_FULL', 'the disk is full', 'make room');
        return ledger.commit(request);
      },
    });
    expect(await halt({})).toMatchObject({
      done: false,
      accounts: [{ account: 'paper', state: 'Halted' }],
      failed: [{ account: 'reserve', code: 'DISK_FULL', message: 'The disk is full. Make room.' }],
    });
    withLedger({ commit: (request) => ledger.commit(request) });
    expect([await stateOf('paper'), await stateOf('reserve')]).toEqual(['Halted', 'Active']);
  });

  it('may be one account or a venue', async () => {
    await openReserve();
    expect((await halt({ account: 'reserve' })).accounts).toMatchObject([{ account: 'reserve', state: 'Halted' }]);
    expect(await stateOf('paper')).toBe('Active');
    expect((await halt({ venue: 'exchange', state: 'Reducing' })).accounts).toMatchObject([
      { account: 'paper', state: 'Reducing' },
      { account: 'reserve', state: 'Halted' },
    ]);
    expect((await standing('paper'))[0].reason).toBe('by hand (admin, venue exchange)');
    await expect(halt({ venue: 'exchnge' })).rejects.toMatchObject({
      code: 'VENUE_UNKNOWN',
      remedy: expect.stringContaining('"exchange"'),
    });
  });

  it('may be a strategy, in all accounts or in one, and ends what works for it alone', async () => {
    await openReserve();
    const working = await workingOrders();
    const own = working.filter(({ strategy }) => strategy === 'sma-cross');
    const told = await halt({ strategy: 'sma-cross', reason: 'a drill' });
    expect(told.accounts.map(({ account, state }) => [account, state])).toEqual([
      ['paper', 'Active'],
      ['reserve', 'Active'],
    ]);
    expect(told.accounts[0].canceled).toBe(own.length);
    expect(await workingOrders()).toEqual(working.filter(({ strategy }) => strategy !== 'sma-cross'));
    expect(await standing('reserve')).toMatchObject([
      { scope: 'strategy', name: 'sma-cross', reason: 'a drill (admin)' },
    ]);
    const before = await begun((event) => event.strategy === 0);
    await desk.run(30);
    expect(await begun((event) => event.strategy === 0)).toBe(before);
    expect(await begun((event) => event.strategy !== 0)).toBeGreaterThan(0);
    await resume({ strategy: 'sma-cross', account: 'paper' });
    expect([await standing('paper'), (await standing('reserve')).length]).toEqual([[], 1]);
    await desk.run(30);
    expect(await begun((event) => event.strategy === 0)).toBeGreaterThan(before);
    await expect(halt({ strategy: 'sma-croos' })).rejects.toMatchObject({ code: 'STRATEGY_UNKNOWN' });
  });

  it('may be an instrument: nothing is opened in it, over a restart too, until a person lets it', async () => {
    await halt({ account: 'paper', symbol: 'BTC/USDT', reason: 'delisted' });
    expect((await workingOrders()).filter(({ symbol }) => symbol === 'BTC/USDT')).toEqual([]);
    const opens = ({ instrument, reduceOnly }: LedgerEvent): boolean => instrument === 0 && reduceOnly === false;
    const before = await begun(opens);
    await desk.close();
    desk = openDesk(desk.directory);
    await desk.run(90);
    expect(await standing('paper')).toMatchObject([
      { scope: 'instrument', name: 'BTC/USDT', state: 'Halted', reason: 'delisted (admin)' },
    ]);
    expect(await begun(opens)).toBe(before);
    expect(await begun(({ instrument }) => instrument === 1)).toBeGreaterThan(0);
    expect(await denied()).toContain('INSTRUMENT_RESTRICTED');
    await resume({ account: 'paper', symbol: 'BTC/USDT' });
    await desk.run(60);
    expect(await begun(opens)).toBeGreaterThan(before);
    await expect(halt({ symbol: 'BTC/USD' })).rejects.toMatchObject({ code: 'SYMBOL_UNKNOWN' });
  });

  it.each([
    [{ venue: 'exchange', strategy: 'sma-cross' }],
    [{ venue: 'exchange', account: 'paper' }],
    [{ strategy: 'sma-cross', symbol: 'BTC/USDT' }],
    [{ strategy: 'sma-cross', state: 'Reducing' }],
    [{ reason: '' }],
  ])('is refused where it is not clear: %j', async (input) => {
    await expect(halt(input)).rejects.toMatchObject({ code: 'OPERATION_INPUT_INVALID' });
  });
});

describe('flattening', () => {
  it('closes every position although trading is halted, one by one, and the ledger says that it was that', async () => {
    const held = await untilHeld(() => true);
    await halt({ account: 'paper' });
    const told = await halt({ account: 'paper', flatten: true, reason: 'out' });
    const [{ positions, left }] = told.accounts;
    expect(positions.map(({ strategy, symbol, held: quantity }) => ({ strategy, symbol, quantity }))).toEqual(held);
    expect(left).toBe(0);
    for (const { order, closes, held: quantity } of positions)
      expect([order, closes]).toEqual([expect.any(Number), quantity.replace('-', '')]);
    // Again: the same orders, none anew.
    expect((await halt({ account: 'paper', flatten: true })).accounts[0].positions).toEqual(positions);
    await desk.run(2);
    expect(await positionsHeld()).toEqual([]);
    const flattening = (await all()).filter(({ purpose }) => purpose === 'flatten');
    expect(flattening.map(({ order }) => order)).toEqual(positions.map(({ order }) => order));
    expect(await stateOf('paper')).toBe('Halted');
    await desk.run(30);
    expect(await positionsHeld()).toEqual([]);
  });

  it('of a strategy closes its own positions and leaves the others', async () => {
    const held = await untilHeld((position) => position.strategy === 'donchian-breakout');
    const own = held.filter(({ strategy }) => strategy === 'donchian-breakout');
    const [{ positions }] = (await halt({ account: 'paper', strategy: 'donchian-breakout', flatten: true })).accounts;
    expect(positions.map(({ symbol }) => symbol)).toEqual(own.map(({ symbol }) => symbol));
    await desk.run(2);
    expect((await positionsHeld()).filter(({ strategy }) => strategy === 'donchian-breakout')).toEqual([]);
  });

  it('tells how many positions stay where they were not to be closed', async () => {
    const held = await untilHeld(() => true);
    expect((await halt({ account: 'paper' })).accounts).toMatchObject([
      { left: held.length, pending: 0, positions: [] },
    ]);
  });
});

describe('a cycle in flight', () => {
  it.each([
    [1, 'opens the cycle'],
    [2, 'reconciles'],
    [3, 'signals'],
    [4, 'risks'],
    [5, 'executes'],
  ])('starts over where the halt comes before its commit %i (it %s), and sends nothing after it', async (at) => {
    const { ledger } = desk.steps;
    let commits = 0;
    let halted: HaltOutput | undefined;
    withLedger({
      commit: async (request: CommitRequest) => {
        if (++commits === at) {
          withLedger({ commit: (other) => ledger.commit(other) });
          halted = await halt({ account: 'paper' });
        }
        return ledger.commit(request);
      },
    });
    await desk.run(40);
    expect(halted?.done).toBe(true);
    const events = await all();
    const from = events.findLastIndex(({ kind }) => kind === 'TradingStateChanged');
    expect(from).toBeGreaterThan(0);
    expect(events.slice(from).filter(({ kind }) => kind === 'OrderSubmitted')).toEqual([]);
    expect(await denied()).toContain('TRADING_HALTED');
    expect((await workingOrders()).length).toBe(0);
  });
});

/** Replaces a part of the ledger that the steps and operations work with. */
function withLedger(part: Partial<LedgerPort>): void {
  const { ledger } = desk.steps;
  const wrapped = Object.assign(Object.create(ledger) as LedgerPort, {
    head: (stream: string) => ledger.head(stream),
    read: (...given: Parameters<LedgerPort['read']>) => ledger.read(...given),
    document: (...given: Parameters<LedgerPort['document']>) => ledger.document(...given),
    documents: (...given: Parameters<LedgerPort['documents']>) => ledger.documents(...given),
    streams: () => ledger.streams(),
    ...part,
  });
  Object.assign(desk.steps, { ledger: wrapped });
}

/** The second account, over half an hour. */
async function openReserve(): Promise<void> {
  const venue = new SimulatedVenue({ venue: 'exchange', seed: '7', now: () => START + 60_000_000 });
  await runLive({
    ports: desk.steps,
    queue: desk.context.queue,
    account: desk.configuration.accounts[1],
    instruments: await venue.instruments(SYMBOLS),
    provenance: 'simulated',
    bars: new Map(SYMBOLS.map((symbol) => [symbol, venue.columns(symbol, '1m', START, START + 1_800_000, 30)])),
    timeframe: '1m',
  });
}

interface Standing {
  readonly scope: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

async function standing(id: string): Promise<readonly Standing[]> {
  const { accounts }: { accounts: { account: string; standing: Standing[] }[] } = await desk.ask('status.show');
  return accounts.find(({ account }) => account === id)?.standing ?? [];
}

async function workingOrders(): Promise<{ id: number; strategy: string; symbol: string }[]> {
  const { orders }: { orders: { id: number; strategy: string; symbol: string }[] } = await desk.ask('orders.list');
  return orders;
}

interface Held {
  readonly strategy: string;
  readonly symbol: string;
  readonly quantity: string;
}

/** By instrument, as they are flattened. */
async function positionsHeld(): Promise<Held[]> {
  const { positions }: { positions: Held[] } = await desk.ask('positions.list');
  return positions
    .filter(({ quantity }) => Number(quantity) !== 0)
    .map(({ strategy, symbol, quantity }) => ({ strategy, symbol, quantity }))
    .sort((a, b) => SYMBOLS.indexOf(a.symbol) - SYMBOLS.indexOf(b.symbol));
}

/** Runs on until a position is held that is as wanted. */
async function untilHeld(wanted: (position: Held) => boolean): Promise<Held[]> {
  for (let minute = 0; minute < 300; minute += 5) {
    const held = await positionsHeld();
    if (held.some(wanted)) return held;
    await desk.run(5);
  }
  throw new Error('no such position was opened');
}

async function all(): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  for await (const event of eventsOf(desk.steps.ledger, PAPER)) events.push(event);
  return events;
}

const begun = async (matches: (event: LedgerEvent) => boolean): Promise<number> =>
  (await all()).filter((event) => event.kind === 'OrderInitialized' && matches(event)).length;

const denied = async (): Promise<unknown[]> =>
  (await all()).filter(({ kind }) => kind === 'OrderDenied').map(({ denial }) => denial);
