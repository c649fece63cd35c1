/** The three accounts through ccxt against the venue server, for the contract and for sessions. */
import { openBinance } from '../../../../adapters/venues/ccxt/binance.ts';
import { openBinanceExecution, openBinanceUsdmExecution } from '../../../../adapters/venues/ccxt/binance-execution.ts';
import { openKraken } from '../../../../adapters/venues/ccxt/kraken.ts';
import { openKrakenExecution } from '../../../../adapters/venues/ccxt/kraken-execution.ts';
import type { CcxtOptionsInput } from '../../../../adapters/venues/ccxt/options.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import type { ExecutionBench, Operation, Trouble } from '../../../contract/execution-venue.suite.ts';
import type { AccountMarket, VenueAccount } from '../server/account.ts';
import type { Fault, VenueServer } from '../server/venue-server.ts';

export const VENUES = ['binance', 'usdm', 'kraken'] as const;
export type VenueName = (typeof VENUES)[number];

const OPEN = { binance: openBinanceExecution, usdm: openBinanceUsdmExecution, kraken: openKrakenExecution };

const PATHS: Record<VenueName, Record<Operation, string>> = {
  binance: {
    clock: '/api/v3/time',
    submit: 'POST /api/v3/order',
    cancel: 'DELETE /api/v3/order',
    query: 'GET /api/v3/order',
    openOrders: '/api/v3/openOrders',
    fills: '/api/v3/myTrades',
    balances: '/api/v3/account',
  },
  usdm: {
    clock: '/fapi/v1/time',
    submit: 'POST /fapi/v1/order',
    cancel: 'DELETE /fapi/v1/order',
    query: 'GET /fapi/v1/order',
    openOrders: '/fapi/v1/openOrders',
    fills: '/fapi/v1/userTrades',
    balances: '/fapi/v2/balance',
  },
  kraken: {
    clock: '/0/public/Time',
    submit: '/0/private/AddOrder',
    cancel: '/0/private/CancelOrder',
    query: '/0/private/OpenOrders',
    openOrders: '/0/private/OpenOrders',
    fills: '/0/private/TradesHistory',
    balances: '/0/private/BalanceEx',
  },
};

/** An answer that is JSON, and not what was agreed. */
const ANOTHER_SHAPE = { binance: { rows: null }, usdm: { rows: null }, kraken: { error: [], result: { rows: null } } };

const TIMEOUT_MS = 150;

function faultOf(venue: VenueName, { kind, effect }: Trouble): Fault {
  const kinds = {
    'no answer': { kind: 'stall' },
    'a disconnect': { kind: 'disconnect' },
    'half a body': { kind: 'half body' },
    'a body cut off': { kind: 'cut body' },
    'an HTML page': { kind: 'html' },
    'a server error': { kind: 'status', status: 503, body: 'busy' },
    'an answer of another shape': { kind: 'changed', change: () => ANOTHER_SHAPE[venue] },
  } as const;
  return { ...kinds[kind], effect };
}

function rateFault(venue: VenueName, seconds: number, ban: boolean): Fault {
  if (venue === 'kraken')
    return { kind: 'changed', change: () => ({ error: ['EAPI:Rate limit exceeded'] }), effect: 'none' };
  const body = JSON.stringify({ code: -1003, msg: 'Too many requests; current limit is exceeded.' });
  return { kind: 'status', status: ban ? 418 : 429, headers: { 'retry-after': String(seconds) }, body };
}

/** One server for all the tests of a file, which they reset. */
export async function makeBench(server: VenueServer, venue: VenueName): Promise<ServedBench> {
  server.reset();
  const bench = new ServedBench(server, venue);
  await bench.prepare();
  return bench;
}

export class ServedBench implements ExecutionBench {
  readonly server: VenueServer;
  readonly venue: VenueName;
  readonly port: ExecutionBench['port'];
  readonly account: VenueAccount;
  instrument!: Instrument;
  #ahead = 0;
  #market!: AccountMarket;

  constructor(server: VenueServer, venue: VenueName, options: CcxtOptionsInput = {}) {
    this.server = server;
    this.venue = venue;
    const { account, key } = server.accounts[venue];
    this.account = account;
    this.port = OPEN[venue](
      { apiKey: key.key, secret: key.secret },
      { baseUrl: server.baseUrl, rateLimitMs: 1, timeoutMs: TIMEOUT_MS, attempts: 1, ...options },
      { now: () => server.now + this.#ahead, sleep: async (ms) => void this.pass(ms) },
    );
  }

  async prepare(): Promise<void> {
    const markets: CcxtOptionsInput['markets'] = [this.venue === 'usdm' ? 'linear' : 'spot'];
    const open = this.venue === 'kraken' ? openKraken : openBinance;
    const data = open({ baseUrl: this.server.baseUrl, rateLimitMs: 1, markets }, { now: () => this.server.now });
    [this.instrument] = await data.instruments([this.venue === 'usdm' ? 'BTC/USDT:USDT' : 'BTC/USDT']);
    await data.close();
    const { quantityDecimals, priceDecimals } = this.instrument;
    this.#market = { base: 'BTC', quote: 'USDT', priceDecimals, quantityDecimals };
    this.account.deposit('USDT', 1_000_000n * 10n ** 8n);
    if (this.venue !== 'usdm') this.account.deposit('BTC', 100n * 10n ** 8n);
  }

  get secrets(): readonly string[] {
    const { key, secret } = this.server.accounts[this.venue].key;
    return [key, secret];
  }

  clientOrderId(n: number): string {
    return n.toString(16).padStart(32, '0');
  }

  now(): number {
    return this.server.now;
  }

  pass(ms: number): void {
    this.server.now += ms;
  }

  skew(ms: number): void {
    this.#ahead = ms;
  }

  price(price: number, available?: number): void {
    this.account.setPrice(this.#market, price, this.server.now, available);
  }

  fault(operation: Operation, fault: Fault): void {
    this.server.script(PATHS[this.venue][operation], fault);
  }

  trouble(operation: Operation, trouble: Trouble): void {
    this.fault(operation, faultOf(this.venue, trouble));
  }

  limitRate(operation: Operation, seconds: number, ban: boolean): void {
    this.fault(operation, rateFault(this.venue, seconds, ban));
  }

  requests(operation: Operation): number {
    return this.server.count(PATHS[this.venue][operation]);
  }

  truth(clientOrderId: string): { orders: number; filled: number } {
    const orders = this.account.orders.filter((one) => one.clientOrderId === clientOrderId);
    return { orders: orders.length, filled: orders.reduce((sum, { order }) => sum + order.filled, 0) };
  }

  placeByOthers(): void {
    const quantity = 10 ** this.instrument.quantityDecimals / 100;
    const placement = {
      market: this.#market,
      clientOrderId: '',
      side: 'buy',
      type: 'limit',
      timeInForce: 'gtc',
    } as const;
    const rest = { postOnly: false, reduceOnly: false, quantity, price: 4_300_000, trigger: 0 };
    this.account.place({ ...placement, ...rest }, this.server.now, false);
  }

  expire(clientOrderId: string): void {
    this.account.expire(this.account.byClientId(clientOrderId)!);
  }

  showStatus(clientOrderId: string, status: string): void {
    this.account.byClientId(clientOrderId)!.statusShown = status;
  }

  delayFills(ms: number): void {
    this.account.lateByMs = ms;
  }

  doubleFills(): void {
    this.server.accounts[this.venue].doublesTrades = true;
  }

  fillMany(count: number): void {
    const quantity = 10 ** this.instrument.quantityDecimals / 100_000;
    const market = this.#market;
    const kind = { market, type: 'market', timeInForce: 'gtc', postOnly: false, reduceOnly: false } as const;
    for (let i = 0; i < count; i++) {
      const side = i % 2 === 0 ? 'buy' : 'sell';
      this.account.place(
        { ...kind, clientOrderId: `many${i}`, side, quantity, price: 0, trigger: 0 },
        this.server.now,
        false,
      );
    }
  }

  spoilKey(what: 'trades' | 'reads' | 'unknown'): void {
    const { key } = this.server.accounts[this.venue];
    if (what === 'unknown') Object.assign(key, { key: 'another' });
    else key[what] = false;
  }

  async stop(): Promise<void> {
    await this.port.close();
  }
}
