import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { limitsSchema } from '../../core/risk/limits.ts';
import type { RecordedRunOptions } from '../../platform/recorded-run.ts';

/** What `backtest` and `parity` are given. */
export interface RunArguments {
  readonly bars: string;
  readonly symbol?: string[];
  readonly timeframe?: string;
  readonly strategy: string[];
  readonly set: Record<string, Json>;
  readonly cash?: number;
  readonly feeBps?: number;
  readonly slippageBps?: number;
  readonly priceDecimals?: number;
  readonly quantityDecimals?: number;
  readonly limits?: string;
  readonly from?: number;
  readonly to?: number;
  readonly json?: boolean;
}

/** The run that the arguments ask for. Throws `USAGE` where they do not fit each other. */
export function recordedRunOptions(given: RunArguments): RecordedRunOptions {
  if (given.strategy.length > 1 && Object.keys(given.set).length > 0) {
    throw new PlimsollError(
      'USAGE',
      '--set was given with several strategies',
      'run one strategy at a time to set its parameters',
    );
  }
  const share = 1 / given.strategy.length;
  return {
    file: given.bars,
    symbols: given.symbol ?? [],
    ...(given.timeframe === undefined ? {} : { timeframe: given.timeframe }),
    strategies: given.strategy.map((strategy) => ({ strategy, params: given.set, allocation: share })),
    limits: { ...(given.set.short === true ? { allowShort: true } : {}), ...limitsOf(given.limits) },
    execution: { slippageBps: given.slippageBps ?? 0 },
    ...(given.cash === undefined ? {} : { cash: given.cash }),
    ...(given.feeBps === undefined ? {} : { feeBps: given.feeBps }),
    ...(given.priceDecimals === undefined ? {} : { priceDecimals: given.priceDecimals }),
    ...(given.quantityDecimals === undefined ? {} : { quantityDecimals: given.quantityDecimals }),
    ...(given.from === undefined ? {} : { from: given.from }),
    ...(given.to === undefined ? {} : { to: given.to }),
  };
}

function limitsOf(json: string | undefined): Record<string, unknown> {
  if (json === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new PlimsollError('USAGE', '--limits is not JSON', 'write it as in --limits \'{"maxOrderNotional":1000}\'', {
      cause,
    });
  }
  const parsed = limitsSchema.partial().safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new PlimsollError(
      'USAGE',
      `--limits is not valid (${[...issue.path, issue.message].join(': ')})`,
      'use the limits of docs/configuration.md',
    );
  }
  return value as Record<string, unknown>;
}
