/** Cycles that passed while nobody could open them, and that are too many to be made up for. */
import { recordDocument } from '../../core/engine/bookkeeping.ts';
import { byThePlatform } from './by-the-platform.ts';
import { runCommand } from './commands.ts';
import type { StepPorts } from './ports.ts';

export interface MissedCycles {
  /** The first and the last of them, ms UTC. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Records in an account's ledger, once, that the `count` cycles before `time` were missed. */
export async function recordMissed(
  ports: StepPorts,
  stream: string,
  everyMs: number,
  time: number,
  count: number,
): Promise<MissedCycles> {
  const missed = { from: time - count * everyMs, to: time - everyMs, count };
  const origin = byThePlatform(`cycles-missed-${missed.from}-${missed.to}`);
  await runCommand(ports, stream, 'cycles.missed', origin, (engine) => {
    recordDocument(engine, 'CyclesMissed', missed);
    return missed;
  });
  return missed;
}
