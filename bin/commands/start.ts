import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Platform, type PlatformOptions, startPlatform } from '../../platform/embedded.ts';
import { batchFileBeside, namedBatches } from '../../platform/models/batches/batch-file.ts';
import { watchedModels, watchFileBeside } from '../../platform/models/watch-file.ts';

export interface StartArguments {
  readonly config: string;
  readonly venue?: string;
  readonly bars?: string;
  readonly symbol?: string[];
  readonly speed?: number;
  readonly data?: string;
  readonly port?: number;
}

const VENUES = ['live', 'simulated', 'replay'] as const;
/** As a shell reports a process that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Runs the platform until Ctrl-C or SIGTERM, or until it cannot keep what it does. */
export async function start(given: StartArguments): Promise<void> {
  const venue = VENUES.find((known) => known === given.venue);
  if (given.venue !== undefined && venue === undefined)
    throw new PlimsollError('USAGE', `--venue is "${given.venue}"`, `use ${VENUES.join(', ')}`);
  if (given.bars !== undefined && venue !== 'replay')
    throw new PlimsollError('USAGE', '--bars goes with --venue replay', 'add --venue replay');
  const loaded = loadConfiguration({
    file: given.config,
    profile: process.env.PLIMSOLL_PROFILE,
    environment: process.env,
  });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const options: PlatformOptions = {
    loaded,
    root: process.cwd(),
    say,
    venue,
    bars: given.bars,
    symbols: given.symbol,
    speed: given.speed,
    data: given.data,
    port: given.port,
    watched: watchedModels(watchFileBeside(given.config)),
    batches: namedBatches(batchFileBeside(given.config)),
  };
  const running = { platform: startPlatform(options), isAskedToStop: false };
  stopOnSignals(running, say);
  for (;;) {
    const platform = await running.platform;
    const reason = await platform.stopped;
    if (reason !== undefined) throw reason;
    if (!platform.isSuperseded || running.isAskedToStop) break;
    running.platform = startPlatform(options);
  }
  say('Stopped. Everything that was decided is in the ledger.');
}

/** What runs now: after a model was promoted, it is another platform on the same data. */
interface Running {
  platform: Promise<Platform>;
  isAskedToStop: boolean;
}

/** The first signal stops cleanly, the second at once. */
function stopOnSignals(running: Running, say: (line: string) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (running.isAskedToStop) process.exit(INTERRUPTED);
      running.isAskedToStop = true;
      say('Stopping: the step in work is finished first. Ctrl-C again ends at once; nothing is lost by it.');
      running.platform.then((platform) => platform.stop()).catch(() => undefined);
    });
  }
}
