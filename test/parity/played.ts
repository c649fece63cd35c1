/** A recorded run that was played through the live path, and what it left to be asked about. */
import { onTestFinished } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { versionsOf } from '../../adapters/models/models-at-hand.ts';
import type { ModelRegistry } from '../../adapters/models/registry.ts';
import type { StrategyRegistry } from '../../core/strategies/registry.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { withDeadline } from '../../functions/support/deadline.ts';
import { runLive } from '../../platform/live-run.ts';
import type { RecordedRun } from '../../platform/recorded-run.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';

export interface Played {
  readonly ports: StepPorts;
  readonly stream: string;
  /** Logical times of the first decisions, ms UTC. */
  readonly decisions: readonly number[];
}

/**
 * Plays it on a data directory that lasts as long as the test.
 * @param models where the versions are that decided
 */
export async function played(run: RecordedRun, registry: StrategyRegistry, models?: ModelRegistry): Promise<Played> {
  const embedded = openEmbedded({ directory: temporaryDirectory() });
  onTestFinished(() => embedded.close());
  const { configuration, account, instruments, bars, definition } = run;
  const { stream, timeframe } = definition;
  const ports: StepPorts = {
    ledger: embedded.ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    ...{ configuration, registry, now: Date.now, withDeadline },
    ...(models && { modelsBefore: (versions) => versionsOf(models, versions) }),
  };
  await runLive({ ports, queue: embedded.queue, account, instruments, provenance: 'recorded', bars, timeframe });
  const documents = await embedded.ledger.documents(stream, { prefix: 'decision/', limit: 50 });
  return { ports, stream, decisions: documents.map(({ value }) => (value as { cycle: number }).cycle) };
}
