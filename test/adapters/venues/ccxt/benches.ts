/** The accounts through ccxt against the venue server, for the contract and for sessions. */
import { openBinance } from '../../../../adapters/venues/ccxt/binance.ts';
import { openBinanceExecution, openBinanceUsdmExecution } from '../../../../adapters/venues/ccxt/binance-execution.ts';
import { openBybitExecution, openBybitLinearExecution } from '../../../../adapters/venues/ccxt/bybit-execution.ts';
import { COINBASE_TRAITS, openCoinbaseExecution } from '../../../../adapters/venues/ccxt/coinbase-execution.ts';
import { type ExchangeClass, openExchange } from '../../../../adapters/venues/ccxt/exchange.ts';
import type { CcxtExecutionVenue, VenueCredentials } from '../../../../adapters/venues/ccxt/execution.ts';
import { openKraken } from '../../../../adapters/venues/ccxt/kraken.ts';
import { openKrakenExecution } from '../../../../adapters/venues/ccxt/kraken-execution.ts';
import { CcxtVenue } from '../../../../adapters/venues/ccxt/market-data.ts';
import { openOkxExecution, openOkxSwapExecution } from '../../../../adapters/venues/ccxt/okx-execution.ts';
import { type CcxtOptionsInput, type CcxtRuntime, parseCcxtOptions } from '../../../../adapters/venues/ccxt/options.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import Bybit from '../../../../node_modules/ccxt/js/src/bybit.js';
import Coinbase from '../../../../node_modules/ccxt/js/src/coinbase.js';
import Okx from '../../../../node_modules/ccxt/js/src/okx.js';
import type { ExecutionBench, Operation, Trouble } from '../../../contract/execution-venue.suite.ts';
import { ManualTimers } from '../http/manual-timers.ts';
import type { AccountMarket, VenueAccount } from '../server/account.ts';
import type { Fault, VenueServer } from '../server/venue-server.ts';

export const VENUES = ['binance', 'usdm', 'kraken', 'bybit', 'bybitLinear', 'okx', 'okxSwap', 'coinbase'] as const;
export type VenueName = (typeof VENUES)[number];

/** What faults can meet, besides what the contract names. */
export type BenchOperation = Operation | 'replace';

type Open = (credentials: VenueCredentials, input?: CcxtOptionsInput, runtime?: CcxtRuntime) => CcxtExecutionVenue;
type OpenData = (input: CcxtOptionsInput, runtime: CcxtRuntime) => CcxtVenue;

/** What differs between the venues for a bench. */
interface BenchTerms {
  readonly open: Open;
  readonly openData: OpenData;
  readonly symbol: string;
  readonly derivative?: true;
  readonly paths: Record<BenchOperation, string>;
  /** An answer that is JSON, and not what was agreed. */
  readonly anotherShape: unknown;
  /** Turned away for the number of requests. */
  readonly limit: (seconds: number, ban: boolean) => Fault;
  /** Words of a venue that cannot say what became of a request. */
  readonly unavailable: unknown;
}

/** Market data of an exchange by its class. */
const dataOf =
  (Class: unknown, types: readonly string[], traits = {}): OpenData =>
  (input, runtime) => {
    const options = parseCcxtOptions(input);
    const terms = { options: { fetchMarkets: { types } }, loadCurrencies: false, ...traits };
    return new CcxtVenue(openExchange(Class as ExchangeClass, options, terms), {
      options,
      runtime,
      candleOrder: 'either',
    });
  };

const binanceLimit = (seconds: number, ban: boolean): Fault => {
  const body = JSON.stringify({ code: -1003, msg: 'Too many requests; current limit is exceeded.' });
  return { kind: 'status', status: ban ? 418 : 429, headers: { 'retry-after': String(seconds) }, body };
};
const instead = (body: unknown): Fault => ({ kind: 'changed', change: () => body, effect: 'none' });
const bybitLimit = () =>
  instead({ retCode: 10006, retMsg: 'Too many visits. Exceeded the API Rate Limit.', result: {} });
const okxLimit = () => instead({ code: '50011', msg: 'Rate limit reached.', data: [] });

const BYBIT_PATHS: Record<BenchOperation, string> = {
  clock: '/v5/market/time',
  submit: '/v5/order/create',
  cancel: '/v5/order/cancel',
  replace: '/v5/order/amend',
  query: '/v5/order/realtime',
  openOrders: '/v5/order/realtime',
  fills: '/v5/execution/list',
  balances: '/v5/account/wallet-balance',
};
const OKX_PATHS: Record<BenchOperation, string> = {
  clock: '/api/v5/public/time',
  submit: 'POST /api/v5/trade/order',
  cancel: '/api/v5/trade/cancel-order',
  replace: '/api/v5/trade/amend-order',
  query: 'GET /api/v5/trade/order',
  openOrders: '/api/v5/trade/orders-pending',
  fills: '/api/v5/trade/fills-history',
  balances: '/api/v5/account/balance',
};
const BYBIT = {
  paths: BYBIT_PATHS,
  anotherShape: { retCode: 0, retMsg: 'OK', result: { rows: null } },
  limit: bybitLimit,
  unavailable: { retCode: 10016, retMsg: 'Server error.', result: {} },
};
const OKX = {
  paths: OKX_PATHS,
  anotherShape: { code: '0', msg: '', data: { rows: null } },
  limit: okxLimit,
  unavailable: { code: '50026', msg: 'System error.', data: [] },
};

export const TERMS: Record<VenueName, BenchTerms> = {
  binance: {
    open: openBinanceExecution,
    openData: openBinance,
    symbol: 'BTC/USDT',
    paths: {
      clock: '/api/v3/time',
      submit: 'POST /api/v3/order',
      cancel: 'DELETE /api/v3/order',
      replace: '/api/v3/order/cancelReplace',
      query: 'GET /api/v3/order',
      openOrders: '/api/v3/openOrders',
      fills: '/api/v3/myTrades',
      balances: '/api/v3/account',
    },
    anotherShape: { rows: null },
    limit: binanceLimit,
    unavailable: { code: -1000, msg: 'Unknown error, please check your request or try again later.' },
  },
  usdm: {
    open: openBinanceUsdmExecution,
    openData: openBinance,
    symbol: 'BTC/USDT:USDT',
    derivative: true,
    paths: {
      clock: '/fapi/v1/time',
      submit: 'POST /fapi/v1/order',
      cancel: 'DELETE /fapi/v1/order',
      replace: 'PUT /fapi/v1/order',
      query: 'GET /fapi/v1/order',
      openOrders: '/fapi/v1/openOrders',
      fills: '/fapi/v1/userTrades',
      balances: '/fapi/v2/balance',
    },
    anotherShape: { rows: null },
    limit: binanceLimit,
    unavailable: { code: -1000, msg: 'Unknown error, please check your request or try again later.' },
  },
  kraken: {
    open: openKrakenExecution,
    openData: openKraken,
    symbol: 'BTC/USDT',
    paths: {
      clock: '/0/public/Time',
      submit: '/0/private/AddOrder',
      cancel: '/0/private/CancelOrder',
      replace: '/0/private/AmendOrder',
      query: '/0/private/OpenOrders',
      openOrders: '/0/private/OpenOrders',
      fills: '/0/private/TradesHistory',
      balances: '/0/private/BalanceEx',
    },
    anotherShape: { error: [], result: { rows: null } },
    limit: () => instead({ error: ['EAPI:Rate limit exceeded'] }),
    unavailable: { error: ['EService:Unavailable'] },
  },
  bybit: { ...BYBIT, open: openBybitExecution, openData: dataOf(Bybit, ['spot']), symbol: 'BTC/USDT' },
  bybitLinear: {
    ...BYBIT,
    open: openBybitLinearExecution,
    openData: dataOf(Bybit, ['linear']),
    symbol: 'BTC/USDT:USDT',
    derivative: true,
  },
  okx: { ...OKX, open: openOkxExecution, openData: dataOf(Okx, ['spot']), symbol: 'BTC/USDT' },
  okxSwap: {
    ...OKX,
    open: openOkxSwapExecution,
    openData: dataOf(Okx, ['swap']),
    symbol: 'BTC/USDT:USDT',
    derivative: true,
  },
  coinbase: {
    open: openCoinbaseExecution,
    openData: dataOf(Coinbase, ['spot'], COINBASE_TRAITS),
    symbol: 'BTC/USDT',
    paths: {
      clock: '/api/v3/brokerage/time',
      submit: '/api/v3/brokerage/orders',
      cancel: '/api/v3/brokerage/orders/batch_cancel',
      replace: '/api/v3/brokerage/orders/edit',
      query: '/api/v3/brokerage/orders/historical/batch',
      openOrders: '/api/v3/brokerage/orders/historical/batch',
      fills: '/api/v3/brokerage/orders/historical/fills',
      balances: '/api/v3/brokerage/accounts',
    },
    anotherShape: { rows: null },
    limit: () => ({
      kind: 'status',
      status: 429,
      body: JSON.stringify({ error: 'RESOURCE_EXHAUSTED', message: 'rate limit exceeded' }),
    }),
    unavailable: { error: 'UNAVAILABLE', message: 'try again later' },
  },
};

/** Of the list of markets alone, in real time: every other request ends with the server's own word. */
const TIMEOUT_MS = 60_000;

function faultOf(venue: VenueName, { kind, effect }: Trouble): Fault {
  const kinds = {
    'no answer': { kind: 'stall' },
    'a disconnect': { kind: 'disconnect' },
    'half a body': { kind: 'half body' },
    'a body cut off': { kind: 'cut body' },
    'an HTML page': { kind: 'html' },
    'a server error': { kind: 'status', status: 503, body: 'busy' },
    'an answer of another shape': { kind: 'changed', change: () => TERMS[venue].anotherShape },
  } as const;
  return { ...kinds[kind], effect };
}

/** One server for all the tests of a file, which they reset. */
export async function makeBench(
  server: VenueServer,
  venue: VenueName,
  options: CcxtOptionsInput = {},
): Promise<ServedBench> {
  server.reset();
  const bench = new ServedBench(server, venue, options);
  await bench.prepare();
  return bench;
}

export class ServedBench implements ExecutionBench {
  readonly server: VenueServer;
  readonly venue: VenueName;
  readonly port: CcxtExecutionVenue;
  readonly account: VenueAccount;
  /** Of streams. */
  readonly timers = new ManualTimers();
  instrument!: Instrument;
  #ahead = 0;
  #market!: AccountMarket;

  constructor(server: VenueServer, venue: VenueName, options: CcxtOptionsInput = {}) {
    this.server = server;
    this.venue = venue;
    const { account, key } = server.accounts[venue];
    this.account = account;
    this.port = TERMS[venue].open(
      { apiKey: key.key, secret: key.secret, passphrase: key.passphrase },
      {
        baseUrl: server.baseUrl,
        streamUrl: server.streamUrl,
        rateLimitMs: 1,
        timeoutMs: TIMEOUT_MS,
        attempts: 1,
        ...options,
      },
      {
        now: () => server.now + this.#ahead,
        sleep: async (ms) => void this.pass(ms),
        deadline: server.deadline,
        timers: this.timers,
      },
    );
  }

  async prepare(): Promise<void> {
    const { openData, symbol, derivative } = TERMS[this.venue];
    const markets: CcxtOptionsInput['markets'] = [derivative ? 'linear' : 'spot'];
    const data = openData({ baseUrl: this.server.baseUrl, rateLimitMs: 1, markets }, { now: () => this.server.now });
    [this.instrument] = await data.instruments([symbol]);
    await data.close();
    const { quantityDecimals, priceDecimals } = this.instrument;
    this.#market = { base: 'BTC', quote: 'USDT', priceDecimals, quantityDecimals };
    this.account.deposit('USDT', 1_000_000n * 10n ** 8n);
    if (!derivative) this.account.deposit('BTC', 100n * 10n ** 8n);
  }

  get secrets(): readonly string[] {
    const { key, secret, passphrase } = this.server.accounts[this.venue].key;
    return passphrase === undefined ? [key, secret] : [key, secret, passphrase];
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

  fault(operation: BenchOperation, fault: Fault): void {
    this.server.script(TERMS[this.venue].paths[operation], fault);
  }

  trouble(operation: Operation, trouble: Trouble): void {
    this.fault(operation, faultOf(this.venue, trouble));
  }

  limitRate(operation: Operation, seconds: number, ban: boolean): void {
    this.fault(operation, TERMS[this.venue].limit(seconds, ban));
  }

  requests(operation: BenchOperation): number {
    return this.server.count(TERMS[this.venue].paths[operation]);
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
