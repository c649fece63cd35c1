/** Parity: the same bars through the live path and through the backtester, and whether the two ledgers are one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../adapters/embedded/embedded.ts';
import { runBacktest } from '../core/backtest/run.ts';
import type { AskModel } from '../core/ports/model-server.ts';
import type { StrategyRegistry } from '../core/strategies/registry.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { withDeadline } from '../functions/support/deadline.ts';
import { purely } from '../functions/support/purely.ts';
import { eventsOf, runLive } from './live-run.ts';
import { askAhead } from './models/ask-ahead.ts';
import { compareLedgers, type ParityReport } from './parity.ts';
import type { RecordedRun } from './recorded-run.ts';

/** Runs both on a data directory of their own, which is removed at the end. Models that are asked elsewhere are asked by both, with `ask`. */
export async function embeddedParity(
  run: RecordedRun,
  registry: StrategyRegistry,
  onProgress?: (done: number, total: number) => void,
  ask?: AskModel,
): Promise<ParityReport> {
  const directory = await mkdtemp(join(tmpdir(), 'plimsoll-parity-'));
  const embedded = openEmbedded({ directory });
  try {
    const ports: StepPorts = {
      ledger: embedded.ledger,
      send: (queue, message) => embedded.queue.send(queue, message),
      configuration: run.configuration,
      registry,
      now: Date.now,
      withDeadline,
      ...(ask ? { askModel: ask } : {}),
    };
    await runLive({
      ports,
      queue: embedded.queue,
      account: run.account,
      instruments: run.instruments,
      provenance: 'recorded',
      bars: run.bars,
      timeframe: run.definition.timeframe,
      ...(onProgress ? { onProgress } : {}),
    });
    // The live path lets answers go with each cycle.
    if (ask) await askAhead(run.definition, run.bars, ask);
    const backtest = purely(() => runBacktest(run.definition, run.bars));
    return await compareLedgers(backtest.engine, eventsOf(embedded.ledger, run.definition.stream));
  } finally {
    await embedded.close();
    await rm(directory, { recursive: true, force: true });
  }
}
