/** The risk line by itself: what its controls cost an order, with every one of them on. */
import { runBacktest } from '../core/backtest/run.ts';
import { Order } from '../core/execution/order.ts';
import { passOpening } from '../core/risk/gate.ts';
import { limitsSchema } from '../core/risk/limits.ts';
import { accountOf } from './account.ts';
import { randomWalk, WALKS } from './bars.ts';
import { leastMs, rounded } from './timing.ts';

const BARS = 20_000;
const ORDERS = 200_000;
const ROUNDS = 20;
const DAY_MS = 86_400_000;

/** Every limit is set, each so wide that it lets the order pass. */
const EVERY_LIMIT = limitsSchema.parse({
  maxOrderNotional: 1e7,
  maxPositionNotional: 1e7,
  staleAfterMs: DAY_MS,
  maxDailyLoss: 1,
  maxDrawdown: 1,
  maxWeeklyLoss: 1,
  haltDrawdown: 1,
  freshQuoteMs: DAY_MS,
  referenceCollarBps: 10_000,
  maxShareOfVolume: 1_000,
  preventSelfMatch: true,
  duplicateWithinMs: 1,
  maxInstrumentExposure: 100,
  groups: [{ symbols: ['BENCH/USDT'], maxExposure: 100 }],
  maxLeverage: 100,
  maxOpenOrderNotional: 1e7,
  maxCapitalInUse: 1,
  budget: 1e7,
  maxOrdersPerFill: 100_000,
  maxRepeatedExecutions: 100_000,
  losingStreak: { trades: 1_000, pauseMs: DAY_MS },
  cooldownMs: 1,
  stopLossGuard: { stops: 1_000, withinMs: DAY_MS, pauseMs: DAY_MS },
  instrumentLoss: { share: 100, withinMs: DAY_MS, pauseMs: DAY_MS },
  recentDrawdown: { share: 100, withinMs: DAY_MS, pauseMs: DAY_MS },
});

export function benchGate(): unknown {
  const bars = randomWalk(BARS, WALKS['sma-cross']);
  const account = accountOf('sma-cross', ['BENCH/USDT'], {
    priceDecimals: bars.priceDecimals,
    openedAt: bars.timestamp[0],
  });
  const costs = Object.fromEntries(
    (['defaults', 'everyControl'] as const).map((name) => {
      const limits = name === 'defaults' ? limitsSchema.parse({}) : EVERY_LIMIT;
      const { engine } = runBacktest({ ...account, limits }, new Map([['BENCH/USDT', bars]]));
      const [market] = engine.markets;
      const leg = new Order();
      let passed = 0;
      const { gate } = leastMs(ROUNDS, {
        gate: () => {
          for (let k = 0; k < ORDERS; k++) {
            leg.budget = 1_000_000_000 + k;
            if (typeof passOpening(engine, 0, market, leg, {}) === 'string') passed++;
          }
        },
      });
      if (passed === 0) throw new Error(`no order passed with ${name}: nothing was measured`);
      return [name, rounded((gate * 1e6) / ORDERS)];
    }),
  );
  return { unit: 'ns an order that opens a position', ...costs };
}
