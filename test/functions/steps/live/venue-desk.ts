/** A live account of two strategies in one instrument: real steps and a real adapter, at a venue on loopback. */
import { configurationSchema } from '../../../../core/configuration/schema.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import type { LedgerEvent } from '../../../../core/ledger/events.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import type { ExecutionVenuePort } from '../../../../core/ports/execution-venue.ts';
import { type Decision, type StrategyContext, strategy } from '../../../../core/strategies/contract.ts';
import { z } from '../../../../core/strategies/index.ts';
import type { AnyStrategy } from '../../../../core/strategies/runner.ts';
import { loadAccount } from '../../../../functions/steps/account-state.ts';
import { armLive } from '../../../../functions/steps/commands-live.ts';
import { engineOf } from '../../../../functions/steps/engines.ts';
import { executeStep } from '../../../../functions/steps/execute.ts';
import { ingestStep, openAccount } from '../../../../functions/steps/ingest.ts';
import type { CycleMessage, StepPorts } from '../../../../functions/steps/ports.ts';
import { reconcileStep } from '../../../../functions/steps/reconcile.ts';
import { riskStep } from '../../../../functions/steps/risk.ts';
import { signalStep } from '../../../../functions/steps/signal.ts';
import { by } from './desk.ts';
import { MemoryLedger } from './memory-ledger.ts';

const MINUTE = 60_000;
const STEPS = { reconcile: reconcileStep, signal: signalStep, risk: riskStep, execute: executeStep } as const;

export type Script = (context: StrategyContext, strategy: number, cycle: number) => Decision;

export interface VenueDeskTerms {
  /** Of the account, whose stream is `local/` and this. */
  readonly id: string;
  /** The venue as configured. */
  readonly venue: object;
  readonly limits?: object;
  /** Beside what may be armed at first. */
  readonly live?: object;
  readonly instrument: Instrument;
  readonly port: ExecutionVenuePort;
  /** The venue's clock is this machine's. */
  readonly clock: { now: number };
  /** Sets the market's price, scaled. */
  readonly price: (scaled: number) => void;
}

export class VenueDesk {
  readonly ledger = new MemoryLedger();
  readonly ports: StepPorts;
  readonly stream: string;
  readonly terms: VenueDeskTerms;
  readonly #queue: { readonly queue: string; readonly body: CycleMessage }[] = [];
  readonly #from: number;
  cycle = 0;

  constructor(script: Script, terms: VenueDeskTerms) {
    this.terms = terms;
    this.stream = `local/${terms.id}`;
    this.#from = Math.floor(terms.clock.now / MINUTE) * MINUTE - 120 * MINUTE;
    const definitions = ['first', 'second'].map((name, index) =>
      strategy({
        name,
        params: z.object({}),
        indicators: () => ({}),
        onBar: (context) => script(context as never, index, this.cycle),
      }),
    );
    this.ports = {
      ledger: this.ledger,
      send: async (queue, { body }) => {
        this.#queue.push({ queue, body: body as unknown as CycleMessage });
      },
      configuration: configurationSchema.parse({
        venues: { venue: terms.venue },
        universes: { one: { venue: 'venue', symbols: [terms.instrument.symbol], timeframe: '1m' } },
        accounts: [
          {
            id: terms.id,
            universe: 'one',
            cash: 2_000,
            strategies: definitions.map(({ name }) => ({ strategy: name, allocation: 0.5 })),
            ...(terms.limits ? { limits: terms.limits } : {}),
            live: { first: { maxOrderNotional: 2_000, maxExposure: 4_000 }, ...terms.live },
          },
        ],
      }),
      registry: new Map(
        (definitions as AnyStrategy[]).map((definition) => [
          definition.name,
          { definition, codeHash: '00'.repeat(32), origin: 'test' },
        ]),
      ),
      now: () => terms.clock.now,
      withDeadline: (_timeoutMs, _what, work) => work(),
      venue: () => terms.port,
    };
  }

  async open(price: number): Promise<void> {
    const { instrument, id } = this.terms;
    this.terms.price(price);
    await openAccount(this.ports, this.ports.configuration.accounts[0], [instrument], 'live', this.#from);
    const request = { typed: id, maxOrderNotional: 2_000, maxExposure: 4_000, reason: 'a test' };
    await armLive(this.ports, this.stream, request, by('arm'));
    await this.run(price);
  }

  /** One cycle whose bar closes at a price (scaled). */
  async run(close: number): Promise<void> {
    this.cycle++;
    const { clock, price, instrument } = this.terms;
    const asOf = this.#from + this.cycle * MINUTE;
    clock.now += MINUTE;
    price(close);
    const bar = { timestamp: asOf - MINUTE, open: close, high: close, low: close, close, volume: 100 };
    const arrived = { asOf, bars: new Map([[instrument.symbol, bar]]) };
    await ingestStep(this.ports, this.ports.configuration.accounts[0], arrived);
    for (let handled = 0; this.#queue.length > 0 && handled < 50; handled++) {
      const { queue, body } = this.#queue.shift()!;
      await STEPS[queue as keyof typeof STEPS](this.ports, body);
    }
  }

  async engine(): Promise<Engine> {
    const { state } = await loadAccount(this.ledger, this.stream);
    const engine = await engineOf(this.ports, this.stream);
    engine.restore(state.engine);
    return engine;
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
}

/** Targets at their cycles. */
export const targets =
  (planned: readonly (readonly [cycle: number, strategy: number, exposure: number])[]): Script =>
  ({ target }, of, at) => {
    const found = planned.find(([cycle, index]) => cycle === at && index === of);
    return found && target(found[2], 'as planned', { rebalance: true });
  };
