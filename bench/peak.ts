/** Prints or gives the peak of this process's resident memory in bytes. */
import { existsSync, readFileSync } from 'node:fs';

const STATUS = '/proc/self/status';

/** On Linux of this program alone: what getrusage says there may be the peak of the process that started it. */
export function peakBytes(): number {
  const peak = existsSync(STATUS) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(STATUS, 'utf8')) : null;
  return (peak ? Number(peak[1]) : process.resourceUsage().maxRSS) * 1_024;
}

if (import.meta.main) process.stdout.write(String(peakBytes()));
