/** The risk line as it is asked for speed, against its controls asked one by one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { liveSchema } from '../../../core/configuration/schema.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import type { LiveAccount } from '../../../core/execution/live/account.ts';
import { ORDER_TYPES, Order } from '../../../core/execution/order.ts';
import { BUDGETS } from '../../../core/risk/budgets.ts';
import { Candidate } from '../../../core/risk/controls/control.ts';
import { CAPS, CHECKS, refusalOf } from '../../../core/risk/controls/index.ts';
import { passOpening } from '../../../core/risk/opening.ts';
import type { Protection } from '../../../core/strategies/contract.ts';
import { MINUTE, open, runStep, stepsOf } from '../engine/account.ts';
import { generator, randomAccount } from '../engine/random-account.ts';

const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)];

/** An order that may raise a position: its size and prices sometimes sound and sometimes not. */
function randomLeg(random: () => number, { markets }: Engine, index: number): Order {
  const market = markets[index];
  const near = (): number =>
    Math.max(1, Math.round(market.lastPrice * (1 + (random() - 0.5) * pick(random, [0.01, 0.3]))));
  const leg = new Order();
  leg.side = pick(random, ['buy', 'sell']);
  leg.type = pick(random, ORDER_TYPES);
  if (random() < 0.5) leg.budget = Math.floor(random() * 1_500_000);
  else leg.quantity = Math.floor(random() * 150_000);
  if (leg.type === 'limit' || leg.type === 'stop-limit' ? random() < 0.95 : random() < 0.03) leg.price = near();
  if (leg.type !== 'market' && leg.type !== 'limit' ? random() < 0.95 : random() < 0.03) leg.trigger = near();
  if (leg.type === 'trailing-stop' && random() < 0.95) leg.offsetBps = 50;
  return leg;
}

/** The same order again and again. */
const tenUnits = (): Order => Object.assign(new Order(), { quantity: 10_000 });

function randomProtection(random: () => number, engine: Engine, index: number): Protection {
  const market = engine.markets[index];
  const level = (): number | { price: number } =>
    random() < 0.5 ? 0.02 : { price: (market.lastPrice / market.priceScale) * (0.9 + random() * 0.2) };
  return random() < 0.5 ? {} : { stopLoss: level(), takeProfit: level() };
}

/** What an account rarely comes to by itself. */
function disturb(engine: Engine, random: () => number): void {
  engine.lateByMs = random() < 0.05 ? 7 : 0;
  if (random() < 0.05) engine.tradingState = 'Reducing';
  if (random() < 0.02) engine.equity = -1;
  if (random() < 0.05) pick(random, engine.markets).halted = { reason: 'a test', since: 0 };
}

/** Holds both answers to one order against each other, and remembers what stood against it. */
function compare(engine: Engine, random: () => number, seen: Set<string>): void {
  const index = Math.floor(random() * engine.markets.length);
  const market = engine.markets[index];
  if (!(market.lastPrice > 0)) return;
  const { limits, strategies } = engine.definition;
  const strategy = Math.floor(random() * strategies.length);
  const leg = random() < 0.3 ? tenUnits() : randomLeg(random, engine, index);
  Object.assign(leg, { strategy, instrument: index });
  if (random() < 0.2) engine.watch.countOrder(engine.time, leg, engine.watch.askedBy(leg));
  const protection = randomProtection(random, engine, index);
  const candidate = new Candidate(engine, strategy, market, leg, protection);
  const refusals = CHECKS.flatMap(({ check }) => check(candidate, limits) ?? []);
  expect(refusalOf(candidate, limits)).toEqual(refusals[0]);
  const { line } = engine.controls;
  const passes = line.passes(engine, strategy, market, leg, protection);
  expect([passes, refusals[0]]).toEqual([refusals.length === 0, refusals[0]]);
  for (const { code } of refusals) seen.add(code);
  if (!(engine.equity > 0)) return;
  const asked = leg.budget || 1_000_000;
  const rooms = CAPS.map((cap) => {
    const isShared = cap.code === 'BUDGET_EXCEEDED' && engine.definition.budgets?.includes('grossExposure');
    const isSet = cap.limit === undefined || limits[cap.limit] !== undefined || isShared;
    return isSet ? cap.limitOf(candidate, limits) - cap.usedOf(candidate, limits) : Number.POSITIVE_INFINITY;
  });
  const least = Math.min(...rooms.map((room) => (Number.isNaN(room) ? Number.POSITIVE_INFINITY : room)));
  const room = line.roomFor(engine, strategy, market, candidate.buys, candidate.price, asked);
  // Where more is left than is asked for, how much more does not matter.
  expect(Math.min(room, asked)).toBe(Math.min(least, asked));
  const verdict = passOpening(engine, strategy, market, leg, protection);
  if (refusals[0]) expect(verdict).toEqual(refusals[0]);
  if (typeof verdict === 'string') seen.add(verdict);
  if (least < asked) seen.add(CAPS[rooms.indexOf(least)].code);
}

describe('the risk line', () => {
  test('gives an order the verdict of the controls, asked one by one, whatever the account has been through', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = generator(~seed);
        const { bars, ...given } = randomAccount(seed, 120);
        const staleAfterMs = random() < 0.2 ? 2 * MINUTE : undefined;
        const definition = {
          ...given.definition,
          limits: { ...given.definition.limits, staleAfterMs },
          ...(random() < 0.3 ? { budgets: BUDGETS.filter(() => random() < 0.5) } : {}),
        };
        const isLive = random() < 0.4 && definition.instruments.every(({ type }) => type === 'spot');
        const engine = open(isLive ? { ...definition, provenance: 'live', live: liveSchema.parse({}) } : definition);
        for (const step of stepsOf(engine, bars)) {
          if (isLive) {
            const arming = random() < 0.8 ? { maxOrderNotional: 40_000, maxExposure: 90_000 } : undefined;
            const notOpen = { instrument: 0, state: pick(random, ['limit-only', 'halted']), text: '', since: 0 };
            const markets = { at: engine.time, venue: null, markets: random() < 0.1 ? [notOpen] : [] };
            Object.assign(engine.live as LiveAccount, { arming, markets, reconciled: random() < 0.9 });
          }
          runStep(engine, step);
          engine.grants = {
            grossExposure: Math.floor(300_000 * random()),
            dailyLoss: Math.floor(30_000 * random()),
            orderRate: pick(random, [1, 2, 50]),
          };
          const { tradingState, equity } = engine;
          disturb(engine, random);
          for (let k = 0; k < 3; k++) compare(engine, random, seen);
          Object.assign(engine, { tradingState, equity, lateByMs: 0 });
          for (const market of engine.markets) market.halted = undefined;
        }
      }),
      // Always the same accounts, so that it is known that every control has stood against an order.
      { numRuns: 150, seed: 6 },
    );
    expect([...seen].sort()).toEqual(['passed', 'reduced', ...[...CHECKS, ...CAPS].map(({ code }) => code)].sort());
  });
});
