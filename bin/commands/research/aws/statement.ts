/** What is said of a sweep on AWS before it starts, and whether it may. On standard error: what is printed on the other is the same as without AWS. */
import { PlimsollError } from '../../../../core/errors.ts';
import { type CostEstimate, SLOWER, START_MS } from './cost.ts';
import type { Pilot } from './pilot.ts';
import type { Prices } from './prices.ts';
import type { SweepShape } from './shape.ts';

export interface Consent {
  /** Whether it may start, whatever it costs. */
  readonly yes?: boolean;
  /** It starts below this without being asked, and not above it. */
  readonly maxUsd?: number;
}

/** Throws `SWEEP_TOO_DEAR` and `SWEEP_NOT_CONFIRMED`. */
export function assertMayStart(usd: number, { yes, maxUsd }: Consent): void {
  const kept = { kept: 'nothing was started, and nothing put into the bucket' };
  if (maxUsd !== undefined && usd > maxUsd)
    throw new PlimsollError(
      'SWEEP_TOO_DEAR',
      `the sweep would cost about ${dollars(usd)}, more than --max-usd ${maxUsd}`,
      'sweep a coarser grid or a shorter span, or raise the bound',
      kept,
    );
  if (yes || maxUsd !== undefined) return;
  throw new PlimsollError(
    'SWEEP_NOT_CONFIRMED',
    `the sweep would cost about ${dollars(usd)}`,
    'give the command again with --yes, or with a bound as in --max-usd 5',
    kept,
  );
}

export interface Stated {
  readonly pilot: Pilot;
  readonly shape: SweepShape;
  readonly estimate: CostEstimate;
  readonly prices: Prices;
}

export function sayEstimate(runs: number, of: number, { pilot, shape, estimate, prices }: Stated): void {
  const { items, itemsPerBatch, batches, concurrency, inputBytes } = shape;
  const { usd, functionMs, wallMs, gbSeconds, transitions, resultBytes } = estimate;
  say('Sweep', `${runs} of ${of} backtests, on AWS`);
  say(
    'Measured',
    `${pilot.msPerRun.toFixed(2)} ms of CPU a backtest, of ${pilot.measured} on this machine; taken ${SLOWER} times there`,
  );
  say(
    'Batches',
    `${batches} of at most ${itemsPerBatch} of ${items.length} items, ${inputBytes} bytes of input; ${concurrency} at a time`,
  );
  say(
    'Time',
    `${seconds(functionMs)} of functions, ${START_MS / 1_000} s of them each to start; about ${seconds(wallMs)} from first to last`,
  );
  say('Lambda', `${gbSeconds.toFixed(1)} GB-s ${dollars(usd.compute)}, ${batches} requests ${dollars(usd.requests)}`);
  say('Step Functions', `${transitions} transitions ${dollars(usd.transitions)}`);
  say('S3, logs', `${dollars(usd.storage)}, ${dollars(usd.logs)}`);
  say('Cost', `about ${dollars(usd.all)}, by prices of ${prices.region}, ${prices.asOf}`);
  say(
    'Not counted',
    `attempts that are repeated, traces, ${(resultBytes / 1e6).toFixed(1)} MB of results out of AWS, taxes`,
  );
}

export const say = (name: string, value: string): boolean => process.stderr.write(`${name.padEnd(14)} ${value}\n`);
export const dollars = (usd: number): string => `$${usd < 0.1 ? usd.toFixed(4) : usd.toFixed(2)}`;
export const seconds = (ms: number): string =>
  ms < 600_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 3_600_000).toFixed(2)} h`;
