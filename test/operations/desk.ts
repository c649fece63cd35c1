/** A desk for tests: the embedded ports with an account that has run over invented bars, and operations asked of it. */
import { join } from 'node:path';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { LedgerJobs } from '../../adapters/jobs/ledger-jobs.ts';
import { createLake } from '../../adapters/lake/lake.ts';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { type Configuration, type ConfigurationInput, configurationSchema } from '../../core/configuration/schema.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import type { Principal, Role } from '../../core/ports/identity.ts';
import type { SizingInput } from '../../core/risk/sizing-rules.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { withDeadline } from '../../functions/support/deadline.ts';
import { runGuarded } from '../../functions/support/guarded-backtest.ts';
import { backtestWork } from '../../operations/backtests/work.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { OperationContext } from '../../operations/operation.ts';
import { openJobs } from '../../platform/jobs.ts';
import { runLive } from '../../platform/live-run.ts';
import { modelsAt } from '../../platform/models/models-at.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';

export const SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
const MINUTE = 60_000;
/** 2024-05-01 00:00 UTC. */
export const START = Date.UTC(2024, 4, 1);

const input: ConfigurationInput = {
  instance: { name: 'desk', tenant: 'tests' },
  venues: { exchange: { kind: 'simulated', seed: 7 } },
  universes: { pair: { venue: 'exchange', symbols: SYMBOLS, timeframe: '1m' } },
  accounts: [
    {
      id: 'paper',
      universe: 'pair',
      strategies: [
        { strategy: 'sma-cross', params: { fast: 3, slow: 8 }, allocation: 0.2 },
        { strategy: 'rsi-reversion', params: { period: 5 }, allocation: 0.4 },
        { strategy: 'donchian-breakout', params: { entry: 6, exit: 3, range: 5 }, allocation: 0.2 },
      ],
      limits: { maxOrderNotional: 1_500, maxGrossExposure: 1, oversize: 'deny' },
    },
    { id: 'reserve', universe: 'pair', cash: 500, strategies: [{ strategy: 'sma-cross' }] },
  ],
};

const configuredWith = ({
  sizing,
  budgets,
}: Pick<ConfigurationInput, 'budgets'> & { readonly sizing?: SizingInput }): ConfigurationInput => ({
  ...input,
  ...(budgets ? { budgets } : {}),
  accounts: input.accounts.map((account, k) => (k === 0 && sizing ? { ...account, sizing } : account)),
});

const root = join(import.meta.dirname, '..', '..');
const registry = await loadStrategies(root);

export interface Desk {
  readonly directory: string;
  readonly configuration: Configuration;
  readonly steps: StepPorts;
  readonly context: OperationContext;
  /** Asks an operation by name, as an admin unless another role is given. */
  ask(name: string, input?: object, as?: { role?: Role; key?: string }): Promise<never>;
  /** Runs the account over the next bars. */
  run(minutes: number): Promise<void>;
  close(): Promise<void>;
}

export function openDesk(
  directory = temporaryDirectory(),
  more: Pick<ConfigurationInput, 'budgets'> & { readonly sizing?: SizingInput } = {},
): Desk {
  const configuration = configurationSchema.parse(configuredWith(more));
  const embedded = openEmbedded({ directory });
  const lake = createLake(embedded.objects);
  const steps: StepPorts = {
    ledger: embedded.ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration,
    registry,
    now: Date.now,
    withDeadline,
  };
  const jobs = new LedgerJobs(embedded.ledger, {
    tenant: configuration.instance.tenant,
    now: Date.now,
    launch: ({ id }) => jobs.run(id, (_, request) => backtestWork({ steps, lake }, request as never, runGuarded)),
  });
  const embeddedJobs = openJobs({ ledger: embedded.ledger, directory, root, configuration, now: Date.now });
  const models = modelsAt(directory, { trainings: embeddedJobs.trainings });
  const contextOf = (role: Role, idempotencyKey: string): OperationContext => ({
    steps,
    queue: embedded.queue,
    lake,
    jobs,
    models: async () => models,
    principal: { id: role, name: role, roles: [role] } satisfies Principal,
    idempotencyKey,
    runtime: { kind: 'embedded', version: '0.0.0', startedAt: START },
  });
  let minutes = 0;
  return {
    directory,
    configuration,
    steps,
    context: contextOf('admin', 'none'),
    ask: async (name, given = {}, { role = 'admin', key = crypto.randomUUID() } = {}) =>
      (await invoke(findOperation(name), contextOf(role, key), given)) as never,
    async run(more) {
      minutes += more;
      const [account] = configuration.accounts;
      const venue = new SimulatedVenue({ venue: 'exchange', seed: '7', now: () => START + 1_000 * MINUTE });
      const instruments = await venue.instruments(SYMBOLS);
      const bars = new Map<string, BarColumns>(
        SYMBOLS.map((symbol) => [symbol, venue.columns(symbol, '1m', START, START + minutes * MINUTE, minutes)]),
      );
      await runLive({
        ports: steps,
        queue: embedded.queue,
        account,
        instruments,
        provenance: 'simulated',
        bars,
        timeframe: '1m',
      });
    },
    async close() {
      await embeddedJobs.close();
      await embedded.close();
    },
  };
}

/** The time of the cycle that closes after so many minutes. */
export const cycleAt = (minute: number): number => START + minute * MINUTE;
