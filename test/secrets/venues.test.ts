/** Keys of venues never come out of the adapters, whatever a venue answers, and whatever is printed of them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeBench as makeAlpaca } from '../adapters/venues/alpaca/bench.ts';
import { makeBench as makeCcxt, VENUES } from '../adapters/venues/ccxt/benches.ts';
import { makeBench as makeOanda } from '../adapters/venues/oanda/bench.ts';
import { type Fault, VenueServer } from '../adapters/venues/server/venue-server.ts';
import type { ExecutionBench, Operation } from '../contract/execution-venue.suite.ts';
import { formsOf, Search } from './search.ts';

type Bench = ExecutionBench & { fault(operation: Operation, fault: Fault): void };

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

const benches: readonly (readonly [name: string, make: () => Promise<Bench>])[] = [
  ...VENUES.map((venue) => [venue, () => makeCcxt(server, venue)] as const),
  ['alpaca', () => makeAlpaca(server)],
  ['oanda', () => makeOanda(server)],
];

/** A venue, or a proxy before it, that says all it was sent back, in every form. */
const echoing = (secrets: readonly string[]): Fault[] => {
  const forms = secrets.flatMap(formsOf).filter((form) => form.length < 200);
  const said = `Invalid key ${forms.join(' ')}`;
  const inJson = { code: -2015, msg: said, message: said, error: [said], errorMessage: said, retCode: 1, retMsg: said };
  return [
    { kind: 'status', status: 401, body: said },
    { kind: 'status', status: 400, body: JSON.stringify(inJson) },
    { kind: 'status', status: 403, headers: { 'content-type': 'text/html' }, body: `<html><pre>${said}</pre></html>` },
    { kind: 'status', status: 500, body: said },
    { kind: 'changed', change: () => inJson },
  ];
};
const BROKEN: readonly Fault[] = [
  { kind: 'html' },
  { kind: 'half body' },
  { kind: 'cut body' },
  { kind: 'stall' },
  { kind: 'disconnect' },
  { kind: 'status', status: 503 },
  { kind: 'changed', change: () => null },
];

describe.each(benches)('at %s', (_name, make) => {
  let bench: Bench;
  let search: Search;
  const printed: string[] = [];

  beforeEach(async () => {
    printed.length = 0;
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    bench = await make();
    bench.price(4_500_000);
    search = new Search(Object.fromEntries(bench.secrets.map((secret, k) => [`secret ${k}`, secret])));
  });
  afterEach(async () => {
    await bench.stop();
    vi.restoreAllMocks();
    search.bytes('what was printed', printed.join(''));
    expect(search.found).toEqual([]);
  });

  const calls = (id: number): readonly (readonly [Operation, () => Promise<unknown>])[] => {
    const { port, instrument } = bench;
    const quantity = bench.unit ?? 10 ** instrument.quantityDecimals / 100;
    const clientOrderId = bench.clientOrderId(id);
    const terms = { side: 'buy', type: 'limit', timeInForce: 'gtc', postOnly: false, reduceOnly: false } as const;
    return [
      ['clock', () => port.clock()],
      ['submit', () => port.submit({ instrument, clientOrderId, ...terms, quantity, price: 4_400_000, trigger: 0 })],
      ['query', () => port.query(instrument, clientOrderId)],
      ['openOrders', () => port.openOrders([instrument])],
      ['fills', () => port.fills([instrument], bench.now() - 3_600_000, undefined)],
      ['balances', () => port.balances()],
      ['cancel', () => port.cancel(instrument, clientOrderId)],
    ];
  };

  /** What came of a call, thrown or answered. */
  const outcome = (call: () => Promise<unknown>): Promise<unknown> => call().catch((error: unknown) => error);

  it('nothing that it answers or throws shows a key, where all goes well and where the key is refused', async () => {
    for (const [operation, call] of calls(1)) search.value(`${operation}, well`, await outcome(call));
    search.value('the port itself', bench.port);
    bench.spoilKey('unknown');
    for (const [operation, call] of calls(2)) search.value(`${operation}, refused`, await outcome(call));
    expect(search.places.length).toBeGreaterThan(10);
  });

  it('nothing shows a key where the venue answers with pages, halves, nothing, or with the key itself', async () => {
    let id = 10;
    for (const fault of [...BROKEN, ...echoing(bench.secrets)]) {
      for (const [k, [operation]] of calls(0).entries()) {
        bench.fault(operation, fault);
        const [, call] = calls(++id)[k];
        const what = 'status' in fault ? `${fault.kind} ${fault.status}` : fault.kind;
        search.value(`${operation}, ${what}`, await outcome(call));
        server.clearFaults();
        bench.pass(61_000);
      }
    }
    expect(server.met.length).toBeGreaterThan(50);
  }, 120_000);
});
