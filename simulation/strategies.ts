/** Strategies that do everything that a strategy can, often: what they do follows from the bar's time and what they remember. */
import * as z from 'zod';
import { sma } from '../core/indicators/index.ts';
import { crossedAbove, crossedBelow, type Decision, strategy } from '../core/strategies/contract.ts';
import type { StrategyRegistry } from '../core/strategies/registry.ts';
import type { AnyStrategy } from '../core/strategies/runner.ts';
import { mix } from './random.ts';

/** Keeps a memory: its decisions differ as soon as one bar was seen twice, or not at all. */
const restless = strategy({
  name: 'sim-restless',
  params: z.strictObject({
    salt: z.int().default(1),
    size: z.number().default(0.4),
    short: z.boolean().default(false),
  }),
  indicators: () => ({ fast: sma(2), slow: sma(3) }),
  state: () => ({ seen: 0, path: 0 }),
  onBar({ params, state, bar, symbol, time, fast, slow, position, target, order, cancel }): Decision {
    state.seen++;
    state.path = mix(state.path, state.seen, Math.round(bar.close * 100));
    const draw = mix(params.salt, time / 60_000, symbol.charCodeAt(0), state.path, fast.value > slow.value ? 1 : 0);
    const { size } = params;
    const reason = `bar ${state.seen} says ${draw % 16}`;
    switch (draw % 16) {
      case 0:
      case 1:
        return target(size, reason);
      case 2:
        return target(params.short ? -size : 0, reason);
      case 3:
        return target(size / 2, reason, { stopLoss: 0.004, takeProfit: 0.006 });
      case 4:
        return target(size, reason, { trailingStop: 0.005, rebalance: true });
      case 5:
        return [
          order({
            side: 'buy',
            type: 'limit',
            exposure: size,
            price: bar.close * 0.997,
            oneCancelsOther: 'entry',
            reason,
          }),
          order({
            side: 'buy',
            type: 'stop',
            exposure: size,
            trigger: bar.close * 1.003,
            oneCancelsOther: 'entry',
            reason,
          }),
        ];
      case 6:
        return order({
          side: 'buy',
          type: 'limit',
          exposure: size / 2,
          price: bar.close * 0.998,
          timeInForce: 'day',
          reason,
        });
      case 7:
        return order({ side: 'sell', type: 'limit', exposure: size / 2, price: bar.close * 1.002, reason });
      case 8:
        return cancel(reason);
      case 9:
        return order({ side: 'buy', type: 'limit', exposure: size, price: bar.close * 1.002, postOnly: true, reason });
      case 10:
        return order({ side: 'buy', type: 'market', exposure: 3 * size, reason });
      case 11:
        return position.isFlat ? undefined : target(0, reason);
      case 12:
        if (draw % 5 === 0) throw new Error(reason);
        return undefined;
      case 13:
        return target(size, reason, {
          algorithm: { kind: 'twap', cycles: 3, atEnd: draw % 32 < 16 ? 'send' : 'cancel' },
        });
      case 14:
        return target(size / 2, reason, { timeStop: { bars: 2 } });
      case 15:
        return target(size, reason, { algorithm: { kind: 'peg', offsetBps: 5, durationMs: 240_000 } });
    }
  },
});

/** Keeps none: it is rebuilt from bars where its checkpoint is lost. */
const crossing = strategy({
  name: 'sim-crossing',
  params: z.strictObject({ fast: z.int().default(1), slow: z.int().default(3), size: z.number().default(0.6) }),
  indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow) }),
  onBar({ params, fast, slow, target }) {
    if (crossedAbove(fast, slow)) return target(params.size, 'it crossed above', { stopLoss: 0.01 });
    if (crossedBelow(fast, slow)) return target(0, 'it crossed below');
  },
});

/** Now and then more orders than one commit of the ledger can hold the events of. */
const swarming = strategy({
  name: 'sim-swarming',
  params: z.strictObject({ salt: z.int().default(1), orders: z.int().default(70) }),
  indicators: () => ({}),
  onBar({ params, bar, time, order, cancel }): Decision {
    const draw = mix(params.salt, time / 60_000);
    if (draw % 3 > 0) return draw % 3 === 1 ? cancel('the swarm goes') : undefined;
    return Array.from({ length: params.orders }, (_, k) =>
      order({
        side: 'buy',
        type: 'limit',
        exposure: 0.5 / params.orders,
        price: bar.close * (0.999 - k / 10_000),
        reason: 'a swarm',
      }),
    );
  },
});

export const simulatedStrategies: StrategyRegistry = new Map(
  ([restless, crossing, swarming] as readonly AnyStrategy[]).map((definition) => [
    definition.name,
    { definition, codeHash: 'simulation', origin: 'simulation' },
  ]),
);
