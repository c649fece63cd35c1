/** A venue changes the rules of an instrument while an account trades it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Embedded, openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { type ConfigurationInput, configurationSchema } from '../../../core/configuration/schema.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { verifyLedger } from '../../../core/ledger/verify.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import { strategy, z } from '../../../core/strategies/index.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import type { Cursor } from '../../../functions/steps/account-state.ts';
import { executeStep } from '../../../functions/steps/execute.ts';
import { ingestStep, openAccount } from '../../../functions/steps/ingest.ts';
import { takeListing } from '../../../functions/steps/listing.ts';
import type { StepPorts } from '../../../functions/steps/ports.ts';
import { reconcileStep } from '../../../functions/steps/reconcile.ts';
import { riskStep } from '../../../functions/steps/risk.ts';
import { signalStep } from '../../../functions/steps/signal.ts';
import { withDeadline } from '../../../functions/support/deadline.ts';
import { eventsOf } from '../../../platform/live-run.ts';

const STREAM = 'local/paper';
const MINUTE = 60_000;
const NOON = Date.UTC(2026, 1, 3, 12);

/** Bids below the market at a price that knows no tick. */
const bids = strategy({
  name: 'bids',
  params: z.object({}),
  indicators: () => ({}),
  onBar: ({ bar }) => ({
    kind: 'order',
    side: 'buy',
    type: 'limit',
    quantity: 0.00234567,
    price: bar.close * 0.99,
    timeInForce: 'ioc',
    reason: 'test',
  }),
}) as AnyStrategy;
/** In and out again, at every bar. */
const turns = strategy({
  name: 'turns',
  params: z.object({}),
  indicators: () => ({}),
  onBar: ({ position, target }) => target(position.isLong ? 0 : 0.3, 'to and fro'),
}) as AnyStrategy;

let folder: string;
let embedded: Embedded;
let ports: StepPorts;
let time: number;
let venue: SimulatedVenue;
let listed: readonly Instrument[];

async function open(account: Partial<ConfigurationInput['accounts'][number]> = {}): Promise<void> {
  const configuration = configurationSchema.parse({
    venues: { sim: { kind: 'simulated' } },
    universes: { main: { venue: 'sim', symbols: ['BTC/USDT', 'ETH/USDT'], timeframe: '1m' } },
    accounts: [
      {
        id: 'paper',
        universe: 'main',
        strategies: [{ strategy: 'turns' }, { strategy: 'bids', allocation: 0.1 }],
        ...account,
      },
    ],
  });
  const known = await loadStrategies(folder);
  const registry = new Map([
    ...known,
    ...[bids, turns].map((definition) => [definition.name, { definition, codeHash: definition.name }] as const),
  ]) as unknown as StepPorts['registry'];
  ports = {
    ledger: embedded.ledger,
    send: async () => undefined,
    configuration,
    registry,
    now: () => time,
    withDeadline,
  };
  await openAccount(
    ports,
    configuration.accounts[0],
    await venue.instruments(['BTC/USDT', 'ETH/USDT']),
    'simulated',
    time,
  );
}

/** What the venue lists from now on: the simulated one's, with other fields. */
function lists(fields: Partial<Instrument>): void {
  listed = listed.map((one) => (one.symbol === 'BTC/USDT' ? { ...one, ...fields } : one));
}

const look = (): Promise<string[]> =>
  takeListing(ports, ports.configuration.accounts[0], {
    async instruments(symbols) {
      const missing = symbols.find((symbol) => !listed.some((one) => one.symbol === symbol));
      if (missing) throw new PlimsollError('SYMBOL_UNKNOWN', `sim has no ${missing}`, 'choose another');
      return symbols.map((symbol) => listed.find((one) => one.symbol === symbol)!);
    },
  });

/** The next cycle, through every step that it has. */
async function cycle(): Promise<void> {
  time += MINUTE;
  const bars = new Map();
  for (const instrument of await venue.instruments(['BTC/USDT', 'ETH/USDT'])) {
    const [bar] = await venue.bars(instrument, '1m', time - MINUTE, time, 1);
    bars.set(instrument.symbol, bar);
  }
  await ingestStep(ports, ports.configuration.accounts[0], { asOf: time, bars });
  for (const step of [reconcileStep, signalStep, riskStep, executeStep]) {
    const { cursor } = (await embedded.ledger.document(STREAM, 'account'))!.value as unknown as { cursor: Cursor };
    if (cursor.next !== 'settled' || step === reconcileStep) await step(ports, { stream: STREAM, cycle: time });
  }
}

const events = (): Promise<LedgerEvent[]> => Array.fromAsync(eventsOf(embedded.ledger, STREAM));
/** What fills in the first instrument paid, in basis points of their value, from an event on: prices have 2 decimals, quantities 5, money 8. */
function feeRates(all: readonly LedgerEvent[], from: number): number[] {
  const first = new Set(
    all.filter(({ kind, instrument }) => kind === 'OrderInitialized' && instrument === 0).map(({ order }) => order),
  );
  return all
    .slice(from)
    .filter(({ kind, order, maker }) => kind === 'OrderFilled' && first.has(order) && !maker)
    .map(({ fee, quantity, price }) => (Number(fee) * 1_000) / (Number(quantity) * Number(price)));
}

const verified = async () => verifyLedger(await embedded.ledger.read(STREAM, 0, 1_000));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-listing-'));
  embedded = openEmbedded({ directory: folder });
  time = NOON;
  venue = new SimulatedVenue({ venue: 'sim', now: () => time });
  listed = await venue.instruments(['BTC/USDT', 'ETH/USDT']);
});
afterEach(async () => {
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a coarser tick and another fee hold from the next cycle on, are told once, and the ledger verifies', async () => {
  await open();
  expect(await look()).toEqual([]);
  for (let k = 0; k < 3; k++) await cycle();
  lists({ tickSize: 1_000, takerFeeBps: 37 });
  expect(await look()).toEqual([
    'The venue changed BTC/USDT: tickSize from 1 to 1000, takerFeeBps from 10 to 37. It holds from the next cycle on.',
  ]);
  expect(await look()).toEqual([]);
  const before = (await events()).length;
  for (let k = 0; k < 4; k++) await cycle();
  const all = await events();
  const [relisted] = all.filter(({ kind }) => kind === 'InstrumentRelisted');
  expect(relisted.body).toMatchObject({ index: 0, instrument: { version: 2, tickSize: 1_000, takerFeeBps: 37 } });
  const bidsOf = (part: readonly LedgerEvent[]) =>
    part.filter(({ kind, type, instrument }) => kind === 'OrderInitialized' && type === 'limit' && instrument === 0);
  const odd = ({ price }: LedgerEvent) => Number(price) % 1_000 !== 0;
  expect(bidsOf(all.slice(0, before)).some(odd)).toBe(true);
  expect(bidsOf(all.slice(before)).length).toBeGreaterThan(2);
  expect(bidsOf(all.slice(before)).filter(odd)).toEqual([]);
  const rates = feeRates(all, before);
  expect(rates.length).toBeGreaterThan(1);
  for (const rate of rates) expect(rate).toBeCloseTo(37, 2);
  expect(await verified()).toMatchObject({ holds: true });
});

test('a process that restarts goes on with what was taken over, and a second change is the third version', async () => {
  await open();
  await cycle();
  lists({ takerFeeBps: 20 });
  await look();
  await cycle();
  ports = { ...ports };
  expect(await look()).toEqual([]);
  lists({ takerFeeBps: 5 });
  expect(await look()).toHaveLength(1);
  await cycle();
  const versions = (await events())
    .filter(({ kind }) => kind === 'InstrumentRelisted')
    .map(({ body }) => (body as { instrument: Instrument }).instrument.version);
  expect(versions).toEqual([2, 3]);
  expect(await verified()).toMatchObject({ holds: true });
});

test.each([
  [
    'that is gone',
    () => void (listed = listed.slice(1)),
    /^BTC\/USDT is halted, since its venue does not list it any more/,
  ],
  ['that means something else', () => lists({ multiplier: 10 }), /^BTC\/USDT is halted, .*multiplier from 1 to 10/],
])(
  'an instrument %s is halted once for what opens, and what is held is closed all the same',
  async (_, happens, sentence) => {
    await open();
    for (let k = 0; k < 2; k++) await cycle();

    happens();
    expect(await look()).toEqual([expect.stringMatching(sentence)]);
    const before = (await events()).length;
    for (let k = 0; k < 3; k++) await cycle();
    const after = (await events()).slice(before).filter(({ instrument }) => instrument === 0);
    const opened = after.filter(({ kind, reduceOnly }) => kind === 'OrderInitialized' && !reduceOnly);
    expect(opened).toEqual([]);
    expect(after.some(({ kind, reduceOnly }) => kind === 'OrderInitialized' && reduceOnly)).toBe(true);
    expect(after.some(({ kind }) => kind === 'OrderDenied')).toBe(true);
    expect(await look()).toEqual([]);
    expect(await verified()).toMatchObject({ holds: true });
  },
);

test('an account’s own fees stand against those of its venue, and the smallest order is counted in its own money', async () => {
  await open({ fees: { makerBps: 0, takerBps: 7 }, moneyDecimals: 2 });
  await cycle();
  lists({ takerFeeBps: 50 });
  expect(await look()).toEqual([]);
  lists({ minNotional: 6_50000000 });
  expect(await look()).toEqual([expect.stringContaining('minNotional from 500 to 650')]);
  const [first] = (await events()).filter(({ kind }) => kind === 'InstrumentListed');
  expect(first.body).toMatchObject({ instrument: { minNotional: 500, moneyDecimals: 2, takerFeeBps: 7 } });
  await cycle();
  await cycle();
  expect((await events()).filter(({ kind }) => kind === 'OrderFilled').length).toBeGreaterThan(0);
});
