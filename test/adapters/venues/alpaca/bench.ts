/** An account at the venue server's Alpaca, for the contract and for sessions. */
import { type AlpacaExecutionVenue, openAlpacaExecution } from '../../../../adapters/venues/alpaca/execution.ts';
import { openAlpacaVenue } from '../../../../adapters/venues/alpaca/market-data.ts';
import type { AlpacaOptionsInput } from '../../../../adapters/venues/alpaca/options.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import type { ExecutionBench, Operation, Trouble } from '../../../contract/execution-venue.suite.ts';
import { ManualTimers } from '../http/manual-timers.ts';
import type { AccountMarket, VenueAccount } from '../server/account.ts';
import type { TakesFees } from '../server/alpaca-fees.ts';
import { type AlpacaSide, assetMarket } from '../server/alpaca-private.ts';
import type { Fault, VenueServer } from '../server/venue-server.ts';

/** What faults can meet, besides what the contract names. */
export type AlpacaOperation = Operation | 'asset' | 'payments';

export const PATHS: Record<AlpacaOperation, string> = {
  clock: '/v2/clock',
  submit: 'POST /v2/orders',
  cancel: 'DELETE /v2/orders/{id}',
  query: '/v2/orders:by_client_order_id',
  openOrders: 'GET /v2/orders',
  fills: '/v2/account/activities/FILL',
  balances: '/v2/account',
  asset: '/v2/assets/BTC%2FUSDT',
  payments: '/v2/account/activities',
};

/** For requests that are never answered; long enough for all others on a busy machine. */
const TIMEOUT_MS = 1_000;
const CENT = 10n ** 8n;
const DAY_MS = 86_400_000;

const FAULTS = {
  'no answer': { kind: 'stall' },
  'a disconnect': { kind: 'disconnect' },
  'half a body': { kind: 'half body' },
  'a body cut off': { kind: 'cut body' },
  'an HTML page': { kind: 'html' },
  'a server error': { kind: 'status', status: 503, body: 'busy' },
  'an answer of another shape': { kind: 'changed', change: () => ({ rows: null }) },
} as const;

/** One server for all the tests of a file, which they reset. */
export async function makeBench(server: VenueServer, options: AlpacaOptionsInput = {}): Promise<AlpacaBench> {
  server.reset();
  const bench = new AlpacaBench(server, { assetClass: 'crypto', ...options });
  await bench.prepare();
  return bench;
}

export class AlpacaBench implements ExecutionBench {
  readonly server: VenueServer;
  readonly side: AlpacaSide;
  readonly port: AlpacaExecutionVenue;
  readonly account: VenueAccount;
  /** Of streams. */
  readonly timers = new ManualTimers();
  readonly longestId = 128;
  readonly tellsMaker = false;
  instrument!: Instrument;
  readonly #options: AlpacaOptionsInput;
  #ahead = 0;
  #market!: AccountMarket;

  constructor(server: VenueServer, options: AlpacaOptionsInput) {
    this.server = server;
    this.side = server.accounts.alpaca;
    this.account = this.side.account;
    this.#options = {
      baseUrl: server.baseUrl,
      streamUrl: server.streamUrl,
      timeoutMs: TIMEOUT_MS,
      attempts: 1,
      ...options,
    };
    const { key, secret } = this.side.key;
    this.port = openAlpacaExecution(
      this.#options,
      { apiKey: key, secret },
      { now: () => server.now + this.#ahead, sleep: async (ms) => void this.pass(ms), timers: this.timers },
    );
  }

  async prepare(): Promise<void> {
    const { key, secret } = this.side.key;
    const data = openAlpacaVenue(
      { ...this.#options, timeoutMs: 10_000 },
      { apiKey: key, secret },
      { now: () => this.server.now },
    );
    const symbol = this.#options.assetClass === 'crypto' ? 'BTC/USDT' : 'AAPL';
    [this.instrument] = await data.instruments([symbol]);
    await data.close();
    this.#market = assetMarket(this.side.assets.find((one) => one.symbol === symbol)!);
    for (const asset of ['USDT', 'USD']) this.account.deposit(asset, 1_000_000n * CENT);
    this.account.deposit('BTC', 100n * CENT);
    this.server.requests.length = 0;
    this.server.methods.length = 0;
    this.side.used.count = 0;
  }

  /** Four shares, so that parts of an order are whole ones. */
  get unit(): number {
    const { type, quantityDecimals } = this.instrument;
    return type === 'equity' ? 4 * 10 ** quantityDecimals : 10 ** quantityDecimals / 100;
  }

  get secrets(): readonly string[] {
    const { key, secret } = this.side.key;
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

  /** Scaled as the instrument's. */
  price(price: number, available?: number): void {
    const there = available === undefined ? undefined : this.#there(available);
    this.account.setPrice(this.#market, price, this.server.now, there);
  }

  fault(operation: AlpacaOperation, fault: Fault): void {
    this.server.script(PATHS[operation], fault);
  }

  trouble(operation: Operation, { kind, effect }: Trouble): void {
    this.fault(operation, { ...FAULTS[kind], effect });
  }

  limitRate(operation: Operation, seconds: number): void {
    const body = JSON.stringify({ code: 42910000, message: 'rate limit exceeded' });
    this.fault(operation, { kind: 'status', status: 429, headers: { 'retry-after': String(seconds) }, body });
  }

  requests(operation: Operation): number {
    return this.server.count(PATHS[operation]);
  }

  truth(clientOrderId: string): { orders: number; filled: number } {
    const orders = this.account.orders.filter((one) => one.clientOrderId === clientOrderId);
    return { orders: orders.length, filled: orders.reduce((sum, { order }) => sum + this.#here(order.filled), 0) };
  }

  placeByOthers(): void {
    const kind = { market: this.#market, side: 'buy', type: 'limit', timeInForce: 'gtc' } as const;
    const quantity = 10 ** this.#market.quantityDecimals / 100;
    const rest = { clientOrderId: '', postOnly: false, reduceOnly: false, quantity, price: 4_300_000, trigger: 0 };
    this.account.place({ ...kind, ...rest }, this.server.now, false);
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
    this.side.doublesTrades = true;
  }

  fillMany(count: number): void {
    const quantity = 10 ** this.#market.quantityDecimals / 100_000;
    const kind = {
      market: this.#market,
      type: 'market',
      timeInForce: 'gtc',
      postOnly: false,
      reduceOnly: false,
    } as const;
    for (let i = 0; i < count; i++) {
      const side = i % 2 === 0 ? 'buy' : 'sell';
      const placement = { ...kind, clientOrderId: `many${i}`, side, quantity, price: 0, trigger: 0 } as const;
      this.account.place(placement, this.server.now, false);
    }
  }

  /** When the venue takes its fees of crypto. Asked for before anything trades. */
  takeFees(taken: TakesFees): void {
    Object.assign(this.side.fees, { taken, day: Math.floor(this.server.now / DAY_MS) });
  }

  spoilKey(what: 'trades' | 'reads' | 'unknown'): void {
    const { key } = this.side;
    if (what === 'unknown') Object.assign(key, { key: 'another' });
    else key[what] = false;
  }

  async stop(): Promise<void> {
    await this.port.close();
  }

  /** The server counts shares with fewer decimals than the instrument. */
  #there(quantity: number): number {
    return quantity / 10 ** (this.instrument.quantityDecimals - this.#market.quantityDecimals);
  }

  #here(quantity: number): number {
    return quantity * 10 ** (this.instrument.quantityDecimals - this.#market.quantityDecimals);
  }
}
