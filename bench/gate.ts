/** The risk line by itself: what its controls cost an order, with every one of them on. */
import { runBacktest } from '../core/backtest/run.ts';
import type { Engine } from '../core/engine/engine.ts';
import { Order } from '../core/execution/order.ts';
import { DAY_MS } from '../core/market/civil.ts';
import { Candidate } from '../core/risk/controls/control.ts';
import { refusalOf } from '../core/risk/controls/index.ts';
import { limitsSchema } from '../core/risk/limits.ts';
import { passOpening } from '../core/risk/opening.ts';
import { accountOf } from './account.ts';
import { randomWalk, WALKS } from './bars.ts';
import { leastMs, rounded } from './timing.ts';

const BARS = 20_000;
const ORDERS = 200_000;
const ROUNDS = 20;
const LOOKBACK_BARS = 20;

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

/** What an order costs at the risk line, and what it costs to ask the controls one by one, in turns. */
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
      const { line, oneByOne } = leastMs(ROUNDS, {
        line: () => passedOf(engine, (leg) => typeof passOpening(engine, 0, engine.markets[0], leg, {}) === 'string'),
        oneByOne: () => passedOf(engine, (leg) => passesOneByOne(engine, leg)),
      });
      const ns = (ms: number): number => rounded((ms * 1e6) / ORDERS);
      return [name, { line: ns(line), oneByOne: ns(oneByOne), ratio: rounded(line / oneByOne) }];
    }),
  );
  return { unit: 'ns an order that opens a position', ...costs };
}

/** Orders that `passes` lets through, each at a bar of its own, so that no average is one that was just taken. */
function passedOf({ markets: [market] }: Engine, passes: (leg: Order) => boolean): void {
  const leg = new Order();
  const { at } = market;
  let passed = 0;
  for (let k = 0; k < ORDERS; k++) {
    market.at = LOOKBACK_BARS + (k % (BARS - LOOKBACK_BARS));
    leg.budget = 1_000_000_000 + k;
    if (passes(leg)) passed++;
  }
  market.at = at;
  if (passed !== ORDERS) throw new Error(`${ORDERS - passed} orders did not pass: something else was measured`);
}

function passesOneByOne(engine: Engine, leg: Order): boolean {
  const { limits } = engine.definition;
  const candidate = new Candidate(engine, 0, engine.markets[0], leg, {});
  if (refusalOf(candidate, limits)) return false;
  return engine.controls.caps.every(
    (cap) => cap.limitOf(candidate, limits) - cap.usedOf(candidate, limits) >= leg.budget,
  );
}
