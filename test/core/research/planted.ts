// Bars with an edge of known size or none, and strategies that take it or toss coins.
import * as z from 'zod';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { type BarColumns, emptyBars } from '../../../core/market/bars.ts';
import { seededRandom } from '../../../core/research/random.ts';
import { gridPoints } from '../../../core/research/sweep/grid.ts';
import { strategy } from '../../../core/strategies/contract.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { definitionOf, HOUR_MS, ownIndicator, START } from './support.ts';

/** Hours that move by about 1 %, each in the direction of the one before it with probability `persistence`. */
export function persistentBars(length: number, persistence: number, seed = 1): BarColumns {
  const bars = emptyBars(length, 2);
  const random = seededRandom(seed);
  let price = 100_000;
  let up = true;
  for (let i = 0; i < length; i++) {
    const open = price;
    if (random.next() >= persistence) up = !up;
    const size = 0.005 + 0.01 * random.next();
    price = Math.round(up ? open * (1 + size) : open / (1 + size));
    bars.timestamp[i] = START + i * HOUR_MS;
    bars.open[i] = open;
    bars.close[i] = price;
    bars.high[i] = Math.max(open, price) + 1;
    bars.low[i] = Math.min(open, price) - 1;
    bars.volume[i] = 1;
  }
  return bars;
}

/** Long while the price is above that of `lag` bars ago. */
export const follows = strategy({
  name: 'follows',
  params: z.strictObject({ lag: z.int().min(1).max(100).default(1) }),
  indicators: ({ lag }) => ({
    rise: { ...ownIndicator((bars, i) => bars.close[i] - bars.close[Math.max(0, i - lag)]), parameters: [lag] },
  }),
  onBar: ({ rise, position, target }) =>
    rise.value > 0 === position.isLong ? undefined : target(rise.value > 0 ? 0.9 : 0, 'the price rose, or fell'),
}) as unknown as AnyStrategy;

/** Long or not by chance, as its parameter says: a coin for every bar. */
export const tosses = strategy({
  name: 'tosses',
  params: z.strictObject({ coin: z.int().default(0) }),
  indicators: () => ({}),
  onBar({ time, params, position, target }) {
    const wants =
      seededRandom(time / HOUR_MS + 1_000_000 * params.coin).next() < 0.1 ? !position.isLong : position.isLong;
    return wants === position.isLong ? undefined : target(wants ? 0.9 : 0, 'the coin fell');
  },
}) as unknown as AnyStrategy;

/** A definition for each value of one parameter, with a fee and a tenth of it as slippage. */
export function gridDefinitions(
  of: AnyStrategy,
  name: string,
  values: readonly number[],
  feeBps = 10,
): EngineDefinition[] {
  return gridPoints([{ name, values }]).map((point) => {
    const definition = definitionOf(of, ['A/USD'], point);
    return {
      ...definition,
      execution: { ...definition.execution, slippageBps: feeBps / 10 },
      instruments: definition.instruments.map((each) => ({ ...each, makerFeeBps: feeBps, takerFeeBps: feeBps })),
    };
  });
}
