import { PlimsollError } from '../errors.ts';

/** Names that the context uses itself. */
const RESERVED = new Set([
  'symbol',
  'timeframe',
  'params',
  'time',
  'bar',
  'position',
  'state',
  'on',
  'target',
  'order',
  'cancel',
]);

/** Refuses names that would hide the context's own. */
export function assertIndicatorNames(strategyName: string, names: readonly string[]): void {
  const taken = names.find((name) => RESERVED.has(name));
  if (taken)
    throw new PlimsollError(
      'STRATEGY_MALFORMED',
      `the strategy "${strategyName}" cannot be used: its indicator "${taken}" has a name that the context uses`,
      'give the indicator another name',
    );
}
