/** An account at OANDA against the venue server, for the contract, for answers and for sessions. */
import { openOandaExecution } from '../../../../adapters/venues/oanda/execution.ts';
import { openOandaVenue } from '../../../../adapters/venues/oanda/market-data.ts';
import type { OandaOptionsInput, OandaRuntime } from '../../../../adapters/venues/oanda/options.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import type { ExecutionBench, Operation, Trouble } from '../../../contract/execution-venue.suite.ts';
import { ManualTimers } from '../http/manual-timers.ts';
import type { AccountMarket, PlacedOrder, VenueAccount } from '../server/account.ts';
import type { OandaSide } from '../server/oanda-private.ts';
import type { Fault, VenueServer } from '../server/venue-server.ts';

export const ACCOUNT = '/v3/accounts/101-004-1435156-001';

const PATHS: Record<Operation, string> = {
  clock: `${ACCOUNT}/pricing`,
  submit: `POST ${ACCOUNT}/orders`,
  cancel: `${ACCOUNT}/orders/@{id}/cancel`,
  query: `GET ${ACCOUNT}/orders/@{id}`,
  openOrders: `${ACCOUNT}/pendingOrders`,
  fills: `${ACCOUNT}/transactions/sinceid`,
  balances: `${ACCOUNT}/summary`,
};

// A page of the log is half a megabyte.
const TIMEOUT_MS = 700;
const LIMITED = JSON.stringify({ errorMessage: 'Too many requests.' });

function faultOf({ kind, effect }: Trouble): Fault {
  const kinds = {
    'no answer': { kind: 'stall' },
    'a disconnect': { kind: 'disconnect' },
    'half a body': { kind: 'half body' },
    'a body cut off': { kind: 'cut body' },
    'an HTML page': { kind: 'html' },
    'a server error': { kind: 'status', status: 503, body: 'busy' },
    'an answer of another shape': { kind: 'changed', change: () => ({ rows: null }) },
  } as const;
  return { ...kinds[kind], effect };
}

export interface BenchSettings {
  /** An order is found by its client id while it is pending, and not afterwards. */
  readonly forgetsClosed?: boolean;
  readonly options?: Partial<OandaOptionsInput>;
}

/** One server for all the tests of a file, which they reset. */
export async function makeBench(server: VenueServer, settings: BenchSettings = {}): Promise<OandaBench> {
  server.reset();
  const bench = new OandaBench(server, settings);
  await bench.prepare();
  return bench;
}

export class OandaBench implements ExecutionBench {
  readonly server: VenueServer;
  readonly side: OandaSide;
  readonly account: VenueAccount;
  readonly port: ReturnType<typeof openOandaExecution>;
  /** Of streams. */
  readonly timers = new ManualTimers();
  readonly unit = 100;
  readonly tellsMaker = false;
  readonly fillsWhole = true;
  readonly holdsForOrders = false;
  readonly settings: OandaOptionsInput;
  readonly runtime: OandaRuntime;
  instrument!: Instrument;
  #ahead = 0;
  readonly market: AccountMarket = { base: 'XAU', quote: 'USD', priceDecimals: 3, quantityDecimals: 0 };

  constructor(server: VenueServer, { forgetsClosed, options }: BenchSettings) {
    this.server = server;
    this.side = server.accounts.oanda;
    this.side.forgetsClosed = forgetsClosed ?? false;
    this.account = this.side.account;
    const { accountId } = this.side;
    const hosts = { baseUrl: server.baseUrl, streamUrl: server.baseUrl };
    this.settings = { accountId, ...hosts, timeoutMs: TIMEOUT_MS, backoffMs: 1, ...options };
    this.runtime = {
      now: () => server.now + this.#ahead,
      sleep: async (ms) => void this.pass(ms),
      timers: this.timers,
    };
    this.port = openOandaExecution(this.settings, { token: this.side.key.key }, this.runtime);
  }

  async prepare(): Promise<void> {
    const data = openOandaVenue(this.settings, { token: this.side.key.key }, this.runtime);
    [this.instrument] = await data.instruments(['XAU/USD']);
    await data.close();
    this.account.deposit('USD', 1_000_000n * 10n ** 8n);
  }

  get secrets(): readonly string[] {
    return [this.side.key.key];
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
    this.account.setPrice(this.market, price, this.server.now, available);
  }

  fault(operation: Operation, fault: Fault): void {
    this.server.script(PATHS[operation], fault);
  }

  trouble(operation: Operation, trouble: Trouble): void {
    this.fault(operation, faultOf(trouble));
  }

  limitRate(operation: Operation, seconds: number): void {
    const headers = { 'retry-after': String(seconds) };
    this.fault(operation, { kind: 'status', status: 429, headers, body: LIMITED });
  }

  requests(operation: Operation): number {
    return this.server.count(PATHS[operation]);
  }

  truth(clientOrderId: string): { orders: number; filled: number } {
    const orders = this.account.orders.filter((one) => one.clientOrderId === clientOrderId);
    return { orders: orders.length, filled: orders.reduce((sum, { order }) => sum + order.filled, 0) };
  }

  placeByOthers(): void {
    this.#place({ clientOrderId: '', type: 'limit', side: 'buy', quantity: this.unit, price: 4_300_000 });
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
    for (let i = 0; i < count; i++) {
      const side = i % 2 === 0 ? 'buy' : 'sell';
      this.#place({ clientOrderId: `many${i}`, type: 'market', side, quantity: 1, price: 0 });
    }
  }

  spoilKey(what: 'trades' | 'reads' | 'unknown'): void {
    if (what === 'unknown') Object.assign(this.side.key, { key: 'another' });
    else this.side.key[what] = false;
  }

  async stop(): Promise<void> {
    await this.port.close();
  }

  #place(change: Pick<PlacedOrder['order'], 'type' | 'side' | 'quantity' | 'price'> & { clientOrderId: string }): void {
    const rest = { postOnly: false, reduceOnly: false, trigger: 0, market: this.market, timeInForce: 'gtc' } as const;
    this.account.place({ ...rest, ...change }, this.server.now, false);
  }
}
