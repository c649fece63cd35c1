/** Recorded bars through the live path: every step through its queue and its handler, on the embedded ports. */
import { type FaultPoint, noFault } from '../adapters/embedded/faults.ts';
import { drain } from '../adapters/embedded/worker.ts';
import { streamOf } from '../core/configuration/definition.ts';
import type { AccountConfiguration } from '../core/configuration/schema.ts';
import type { LedgerEvent } from '../core/ledger/events.ts';
import type { Bar } from '../core/market/bars.ts';
import { type BarColumns, barAt } from '../core/market/bars.ts';
import type { Instrument } from '../core/market/instrument.ts';
import { timeframeMs } from '../core/market/timeframe.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { Provenance } from '../core/ports/market-data.ts';
import { QUEUES, type QueuePort, type ReceivedMessage } from '../core/ports/queue.ts';
import { type CycleDocument, KEYS } from '../functions/steps/account-state.ts';
import { executeStep } from '../functions/steps/execute.ts';
import { type ArrivedBars, openAccount, openCycles, resume } from '../functions/steps/ingest.ts';
import type { CycleMessage, StepPorts } from '../functions/steps/ports.ts';
import { reconcileStep } from '../functions/steps/reconcile.ts';
import { riskStep } from '../functions/steps/risk.ts';
import { signalStep } from '../functions/steps/signal.ts';

/** The handler of each queue: thin, as in Lambda. */
export function stepHandlers(ports: StepPorts) {
  const body = (message: ReceivedMessage) => message.body as unknown as CycleMessage;
  return {
    reconcile: (message: ReceivedMessage) => reconcileStep(ports, body(message)),
    signal: (message: ReceivedMessage) => signalStep(ports, body(message)),
    risk: (message: ReceivedMessage) => riskStep(ports, body(message)),
    execute: (message: ReceivedMessage) => executeStep(ports, body(message)),
    urgent: (message: ReceivedMessage) => executeStep(ports, body(message)),
  };
}

export interface LiveRunInput {
  readonly ports: StepPorts;
  readonly queue: QueuePort;
  readonly account: AccountConfiguration;
  readonly instruments: readonly Instrument[];
  readonly provenance: Provenance;
  readonly bars: ReadonlyMap<string, BarColumns>;
  readonly timeframe: string;
  readonly onProgress?: (done: number, total: number) => void;
  /** Cycles that are opened ahead of the one in work. */
  readonly openedAhead?: number;
  /** Handed to the worker, for tests that end the process in a gap. */
  readonly faultPoint?: FaultPoint;
}

const OPENED_AHEAD = 50;

/** Runs all cycles to the end. Rejects with the first failure of a step: a message that fails is not tried again here. */
export async function runLive(input: LiveRunInput): Promise<void> {
  const { ports, account, openedAhead = OPENED_AHEAD } = input;
  const stream = streamOf(ports.configuration, account);
  const all = [...cyclesOf(input.bars, timeframeMs(input.timeframe))];
  await openAccount(ports, account, input.instruments, input.provenance, all[0]?.asOf ?? 0);
  const opened = await lastOpened(ports.ledger, stream);
  const cycles = all.filter(({ asOf }) => asOf > opened);
  await resume(ports, stream);
  await drainAll(input);
  for (let from = 0; from < cycles.length; from += openedAhead) {
    await openCycles(ports, account, cycles.slice(from, from + openedAhead));
    await resume(ports, stream);
    await drainAll(input);
    input.onProgress?.(Math.min(from + openedAhead, cycles.length), cycles.length);
  }
}

/** The latest cycle that was opened before this process; a run that was interrupted goes on after it. */
async function lastOpened(ledger: LedgerPort, stream: string): Promise<number> {
  const [last] = await ledger.documents(stream, { prefix: KEYS.cyclePrefix, reverse: true, limit: 1 });
  return last ? (last.value as unknown as CycleDocument).asOf : Number.NEGATIVE_INFINITY;
}

async function drainAll({ ports, queue, faultPoint = noFault }: LiveRunInput): Promise<void> {
  let failure: unknown;
  await drain(
    {
      queue,
      queues: ['urgent', ...QUEUES.filter((name) => name !== 'urgent')],
      handlers: stepHandlers(ports),
      faultPoint,
      onFailure: ({ error }) => {
        failure ??= error;
      },
    },
    () => failure !== undefined,
  );
  if (failure !== undefined) throw failure;
}

/** The cycles that a set of series makes: every time at which a bar closes, with the bars that closed then. */
export function* cyclesOf(bars: ReadonlyMap<string, BarColumns>, intervalMs: number): Generator<ArrivedBars> {
  const series = [...bars].map(([symbol, columns]) => ({ symbol, columns, at: 0 }));
  for (;;) {
    let open = Number.POSITIVE_INFINITY;
    for (const { columns, at } of series) if (at < columns.length) open = Math.min(open, columns.timestamp[at]);
    if (open === Number.POSITIVE_INFINITY) return;
    const closed = new Map<string, Bar>();
    for (const feed of series) {
      if (feed.at >= feed.columns.length || feed.columns.timestamp[feed.at] !== open) continue;
      closed.set(feed.symbol, barAt(feed.columns, feed.at++));
    }
    yield { asOf: open + intervalMs, bars: closed };
  }
}

/** Every event of a stream, in order. */
export async function* eventsOf(ledger: LedgerPort, stream: string): AsyncGenerator<LedgerEvent> {
  for (let after = 0; ; ) {
    const commits = await ledger.read(stream, after, 1_000);
    if (commits.length === 0) return;
    for (const commit of commits) yield* commit.events as unknown as LedgerEvent[];
    after = commits[commits.length - 1].number;
  }
}
