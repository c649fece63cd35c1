/** Operations on a data directory from outside of the platform's process: whether it runs or not. */
import { resolve } from 'node:path';
import { type Embedded, openEmbedded } from '../adapters/embedded/embedded.ts';
import { dataDirectoryOf, loadConfiguration } from '../adapters/files/configuration.ts';
import { versionsOf } from '../adapters/models/models-at-hand.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { StepPorts } from '../functions/steps/ports.ts';
import { withDeadline } from '../functions/support/deadline.ts';
import { batchFileBeside, namedBatches } from './models/batches/batch-file.ts';
import { readingOf } from './models/batches/batches-at-hand.ts';
import { modelsIn, strategiesAtHand } from './models/strategies-at-hand.ts';
import { readRunning } from './running.ts';

export interface VisitOptions {
  readonly config: string;
  readonly data?: string;
  /** Writes nothing. */
  readonly readOnly: boolean;
}

export interface Visit {
  readonly directory: string;
  readonly embedded: Embedded;
  readonly configuration: Configuration;
  readonly steps: StepPorts;
  /** When the platform last started there, ms UTC; 0 where that is not known. */
  readonly startedAt: number;
}

/**
 * Opens the data directory, does the work, closes it. The configuration is the one that last ran there, since that is what its
 * accounts are; before the first start it is the file's. Throws `DATA_ABSENT` and what opening throws.
 */
export async function visiting<T>(options: VisitOptions, work: (visit: Visit) => Promise<T>): Promise<T> {
  const loaded = () =>
    loadConfiguration({ file: options.config, profile: process.env.PLIMSOLL_PROFILE, environment: process.env });
  const directory = options.data === undefined ? dataDirectoryOf(loaded()) : resolve(options.data);
  const embedded = openEmbedded({ directory, role: 'visitor', readOnly: options.readOnly });
  try {
    const running = readRunning(directory);
    const configuration = running?.configuration ?? loaded().configuration;
    const batches = namedBatches(batchFileBeside(options.config));
    const registry = await strategiesAtHand(process.cwd(), directory, { batches });
    const steps: StepPorts = {
      ledger: embedded.ledger,
      send: (queue, message) => embedded.queue.send(queue, message),
      configuration,
      registry,
      modelsBefore: (versions) => versionsOf(modelsIn(directory, { readOnly: true }), versions),
      readBatch: readingOf(embedded.objects, batches),
      now: Date.now,
      withDeadline,
    };
    return await work({ directory, embedded, configuration, steps, startedAt: running?.startedAt ?? 0 });
  } finally {
    await embedded.close();
  }
}

/** The streams of accounts. The instance's own, such as that of its jobs, have names that begin with `_`, and hold no events. */
export async function accountStreams(ledger: LedgerPort): Promise<string[]> {
  const streams = await ledger.streams();
  return streams.filter((stream) => !stream.includes('/_'));
}

/** The stream of an account by its id, or the only one. Throws `ACCOUNT_UNKNOWN`, or `USAGE` where several could be meant. */
export async function streamOfAccount({ embedded, configuration }: Visit, id: string | undefined): Promise<string> {
  const streams = await accountStreams(embedded.ledger);
  const known = streams.map((stream) => stream.slice(stream.indexOf('/') + 1));
  const configured = configuration.accounts.map((account) => account.id).filter((account) => known.includes(account));
  const wanted = id ?? configured[0] ?? (known.length === 1 ? known[0] : undefined);
  const at = known.indexOf(wanted ?? '');
  if (at >= 0) return streams[at];
  if (known.length === 0)
    throw new PlimsollError(
      'ACCOUNT_NOT_OPEN',
      'no account has a ledger yet',
      'start the platform once so that its first cycle opens it',
    );
  throw new PlimsollError(
    'ACCOUNT_UNKNOWN',
    `there is no account "${id ?? ''}" in the data directory`,
    `use --account with ${known.join(', ')}`,
  );
}
