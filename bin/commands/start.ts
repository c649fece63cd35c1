import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Platform, startPlatform } from '../../platform/embedded.ts';

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
  const starting = startPlatform({
    loaded,
    root: process.cwd(),
    say,
    venue,
    bars: given.bars,
    symbols: given.symbol,
    speed: given.speed,
    data: given.data,
    port: given.port,
  });
  stopOnSignals(starting, say);
  const reason = await (await starting).stopped;
  if (reason !== undefined) throw reason;
  say('Stopped. Everything that was decided is in the ledger.');
}

/** The first signal stops cleanly, the second at once. */
function stopOnSignals(starting: Promise<Platform>, say: (line: string) => void): void {
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(INTERRUPTED);
      asked = true;
      say('Stopping: the step in work is finished first. Ctrl-C again ends at once; nothing is lost by it.');
      starting.then((platform) => platform.stop()).catch(() => undefined);
    });
  }
}
