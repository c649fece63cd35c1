/**
 * A platform in a process of its own, on recorded or generated bars, that kills itself with SIGKILL in a named gap.
 * Arguments: data directory, gap (or `none`), how often the gap is passed before.
 */
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { runLive } from '../../platform/live-run.ts';
import { crashPorts, crashRun } from './crash-run.ts';

const [directory, gap, passes] = process.argv.slice(2);
let left = Number(passes);

function faultPoint(name: string): void {
  if (name !== gap || left-- > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal ends the process before anything else is done; a loop makes that certain.
  for (;;);
}

const run = await crashRun();
const embedded = openEmbedded({ directory, faultPoint });
await runLive({
  ...run,
  ports: crashPorts(embedded, faultPoint),
  queue: embedded.queue,
  openedAhead: 10,
  faultPoint,
});
await embedded.close();
