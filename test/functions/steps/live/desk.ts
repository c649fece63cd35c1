/** A live account in one process: real steps, a queue that delivers at least once, a venue and a ledger in memory, and seeded faults. */
import { configurationSchema } from '../../../../core/configuration/schema.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import { PlimsollError } from '../../../../core/errors.ts';
import type { LiveSettings } from '../../../../core/execution/live/account.ts';
import type { LedgerEvent } from '../../../../core/ledger/events.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import type { StrategyContext } from '../../../../core/strategies/contract.ts';
import { type Decision, strategy } from '../../../../core/strategies/contract.ts';
import { z } from '../../../../core/strategies/index.ts';
import type { StrategyRegistry } from '../../../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../../../core/strategies/runner.ts';
import type { Step } from '../../../../functions/steps/account-state.ts';
import { loadAccount } from '../../../../functions/steps/account-state.ts';
import { armingPhrase, armLive } from '../../../../functions/steps/commands-live.ts';
import { engineOf } from '../../../../functions/steps/engines.ts';
import { executeStep } from '../../../../functions/steps/execute.ts';
import { ingestStep, openAccount } from '../../../../functions/steps/ingest.ts';
import type { CycleMessage, StepPorts } from '../../../../functions/steps/ports.ts';
import { reconcileStep } from '../../../../functions/steps/reconcile.ts';
import { riskStep } from '../../../../functions/steps/risk.ts';
import { signalStep } from '../../../../functions/steps/signal.ts';
import { SimulatedExchange, type VenueFault } from '../../../../simulation/ports/exchange.ts';
import { spot } from '../../../core/engine/account.ts';
import { MemoryLedger } from './memory-ledger.ts';

export const MINUTE = 60_000;
export const T0 = Date.UTC(2026, 1, 3, 12);
export const STREAM = 'local/live';

export const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit'],
  timesInForce: ['gtc', 'ioc', 'fok', 'day'],
  postOnly: true,
  reduceOnly: false,
  holdsStops: false,
  clientOrderId: /^[a-z0-9]{1,36}$/,
  clientOrderIdReuse: 'after-close',
  requestValidityMs: 5_000,
  remembersClosedMs: 86_400_000,
};

/** Where the process ends. */
export class Crash extends Error {}

export interface DeskOptions {
  readonly capabilities?: Partial<VenueCapabilities>;
  readonly feeIn?: 'settlement' | 'base' | 'another';
  readonly live?: Partial<LiveSettings>;
  /** Longest time that a request is on its way, ms. */
  readonly latestMs?: number;
  /** What each of two strategies does in each of two instruments. */
  readonly script: (context: StrategyContext, strategy: number, cycle: number) => Decision;
  /** Whether something goes wrong here. */
  readonly happens?: (fault: VenueFault | 'crash' | 'delivered twice at once') => boolean;
  readonly random?: () => number;
  readonly limits?: object;
}

export const SYMBOLS = ['A/USD', 'B/USD'] as const;

const COMMAND = { principal: { id: 'p', name: 'a person' } } as const;
export const by = (idempotencyKey: string) => ({ ...COMMAND, idempotencyKey }) as never;

export class Desk {
  readonly ledger = new MemoryLedger();
  readonly venue: SimulatedExchange;
  readonly ports: StepPorts;
  readonly instruments: readonly Instrument[];
  /** Names of the points at which the process could have ended. */
  readonly points = new Set<string>();
  cycle = 0;
  readonly #queue: { readonly queue: string; readonly body: CycleMessage }[] = [];
  readonly #happens: NonNullable<DeskOptions['happens']>;

  constructor(options: DeskOptions) {
    this.#happens = options.happens ?? (() => false);
    this.instruments = SYMBOLS.map((symbol) => spot({ symbol, base: symbol[0], venue: 'sim' }));
    this.venue = new SimulatedExchange({
      venue: 'sim',
      capabilities: { ...CAPABILITIES, ...options.capabilities },
      feeIn: options.feeIn ?? 'settlement',
      latestMs: options.latestMs ?? 4_000,
      happens: this.#happens,
      random: options.random ?? (() => 0.5),
      holds: { USD: 12_000, A: 3, B: 0, BNB: 1_000 },
    });
    this.ports = {
      ledger: this.ledger,
      send: async (queue, { body }) => {
        this.#queue.push({ queue, body: body as unknown as CycleMessage });
      },
      configuration: configurationSchema.parse({
        venues: { sim: { kind: 'simulated' } },
        universes: { two: { venue: 'sim', symbols: SYMBOLS, timeframe: '1m' } },
        accounts: [
          {
            id: 'live',
            universe: 'two',
            currency: 'USD',
            moneyDecimals: 2,
            cash: 10_000,
            strategies: [
              { strategy: 'first', allocation: 0.5 },
              { strategy: 'second', allocation: 0.5 },
            ],
            limits: { maxGrossExposure: 1, ...options.limits },
            live: { first: { maxOrderNotional: 5_000, maxExposure: 20_000 }, ...options.live },
          },
        ],
      }),
      registry: registryOf(options.script),
      now: () => this.venue.now,
      withDeadline: (_timeoutMs, _what, work) => work(),
      venue: () => this.venue,
      faultPoint: (name) => {
        this.points.add(name);
        if (this.#happens('crash')) throw new Crash(name);
      },
    };
  }

  get account() {
    return this.ports.configuration.accounts[0];
  }

  async open(): Promise<void> {
    this.venue.move(T0, this.#prices([10_000, 20_000]));
    await openAccount(this.ports, this.account, this.instruments, 'live', T0);
  }

  /** Cash that the account may use is 10,000, and the configured first limits are those of these tests. */
  arm(maxOrderNotional = 5_000, maxExposure = 20_000): Promise<unknown> {
    const request = { typed: armingPhrase(STREAM), maxOrderNotional, maxExposure, reason: 'a test' };
    return this.survive(() => armLive(this.ports, STREAM, request, by(`arm-${this.cycle}`)));
  }

  /** One cycle, its bars closing at these prices (scaled), with every message handled. */
  async run(closes: readonly [number, number], between?: () => Promise<unknown>): Promise<void> {
    this.cycle++;
    const asOf = T0 + this.cycle * MINUTE;
    this.venue.move(asOf + 2_000, this.#prices(closes));
    const bars = new Map(
      SYMBOLS.map((symbol, k) => {
        const close = closes[k];
        const [high, low] = [Math.ceil(close * 1.001), Math.floor(close * 0.999)];
        return [symbol, { timestamp: asOf - MINUTE, open: close, high, low, close, volume: 1_000 }] as const;
      }),
    );
    await this.survive(() => ingestStep(this.ports, this.account, { asOf, bars }));
    for (let delivery = 0; this.#queue.length > 0; delivery++) {
      if (delivery > 400) throw new Error('the messages of a cycle do not come to an end');
      const [message] = this.#queue;
      const command = between?.();
      const runs = [this.#deliver(message)];
      if (this.#happens('delivered twice at once')) runs.push(this.#deliver(message));
      const ended = await Promise.all(runs);
      await command;
      if (ended.some((isDone) => isDone)) this.#queue.splice(this.#queue.indexOf(message), 1);
    }
  }

  /** Does something again and again until the process lives through it. */
  async survive<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }

  events(): LedgerEvent[] {
    return this.ledger.commits.flatMap(({ events }) => events as unknown as LedgerEvent[]);
  }

  of(kind: LedgerEvent['kind']): LedgerEvent[] {
    return this.events().filter((event) => event.kind === kind);
  }

  alerts(): unknown[] {
    return this.of('VenueAlert').map(({ body }) => (body as { code: string }).code);
  }

  /** The account as it stands. */
  async engine(): Promise<Engine> {
    const { state } = await loadAccount(this.ledger, STREAM);
    const engine = await engineOf(this.ports, STREAM);
    engine.restore(state.engine);
    return engine;
  }

  #prices = (closes: readonly [number, number]): Map<Instrument, number> =>
    new Map(this.instruments.map((instrument, k) => [instrument, closes[k]]));

  async #deliver({ queue, body }: { readonly queue: string; readonly body: CycleMessage }): Promise<boolean> {
    try {
      await STEPS[queue as Step](this.ports, body);
      return true;
    } catch (error) {
      const isAgain = error instanceof Crash || (error instanceof PlimsollError && error.code === 'STEP_TOO_EARLY');
      if (isAgain) return false;
      throw error;
    }
  }
}

const STEPS = { reconcile: reconcileStep, signal: signalStep, risk: riskStep, execute: executeStep } as const;

function registryOf(script: DeskOptions['script']): StrategyRegistry {
  const definitions = ['first', 'second'].map((name, index) =>
    strategy({
      name,
      params: z.object({}),
      indicators: () => ({}),
      onBar: (context) =>
        script(context as never, index, Math.round(((context as unknown as StrategyContext).time - T0) / MINUTE)),
    }),
  );
  return new Map(
    (definitions as AnyStrategy[]).map((definition) => [
      definition.name,
      { definition, codeHash: '00'.repeat(32), origin: 'test' },
    ]),
  );
}
