/** Whole live cycles through the real steps, against a venue that fails in every way that the port speaks of. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import type { Algorithm } from '../../../../core/execution/algorithms/algorithm.ts';
import type { Decision, StrategyContext } from '../../../../core/strategies/contract.ts';
import { cancelOrder, setTradingState } from '../../../../functions/steps/commands.ts';
import { armingPhrase, armLive, disarmLive } from '../../../../functions/steps/commands-live.ts';
import { expectAtRest } from './checks.ts';
import { by, Desk, type DeskOptions, STREAM } from './desk.ts';

const RUNS = Number(process.env.PLIMSOLL_LIVE_RUNS ?? 60);
const FIRST_SEED = Number(process.env.PLIMSOLL_LIVE_SEED ?? 1);
const FAULTY_CYCLES = 14;
/** Cycles without faults, in which everything must come to rest; longer than any order may stay unresolved. */
const CALM_CYCLES = 16;

/** Mulberry32: a fraction from 0 to 1, from a seed. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const reached = new Map<string, number>();

/** What a strategy does in a cycle; always the same for the same cycle, as a decision that is made again must be. */
function scriptOf(seed: number): DeskOptions['script'] {
  return (context, strategy, cycle) => {
    if (cycle > FAULTY_CYCLES) return context.target(0, 'the end');
    const random = randomOf(seed * 7_919 + cycle * 31 + strategy * 7 + context.symbol.charCodeAt(0));
    return decide(context, random);
  };
}

function decide(context: StrategyContext, random: () => number): Decision {
  const kind = random();
  const last = context.bar.close;
  if (kind < 0.35) return undefined;
  if (kind < 0.55) return context.target(random() < 0.4 ? 0 : random() * 0.4, 'a target', worked(random, last));
  if (kind < 0.65) return context.target(random() * 0.3 + 0.1, 'a bracket', { stopLoss: 0.004, takeProfit: 0.006 });
  if (kind < 0.72) return context.target(random() * 0.3 + 0.1, 'a stop alone', { stopLoss: 0.005 });
  if (kind < 0.78) return context.cancel('a cancel');
  const price = last * (1 + (random() - 0.6) * 0.006);
  const side = random() < 0.7 ? 'buy' : 'sell';
  const quantity = Math.floor(random() * 5_000) / 1_000 + 0.5;
  return context.order({ side, type: 'limit', quantity, price, reason: 'a limit order', reduceOnly: side === 'sell' });
}

/** Two of five targets are worked by an algorithm. */
function worked(random: () => number, last: number): { algorithm?: Algorithm } {
  if (random() < 0.6) return {};
  const limit = last * (1 + (random() - 0.4) * 0.006);
  const atEnd = random() < 0.5 ? 'send' : 'cancel';
  const some = random() < 0.5 ? ({ limit, atEnd } as const) : ({ atEnd } as const);
  const kind = random();
  if (kind < 0.5) return { algorithm: { kind: 'twap', cycles: 1 + Math.floor(random() * 5), ...some } };
  if (kind < 0.75) return { algorithm: { kind: 'iceberg', shownShare: 0.2 + random() * 0.5, limit } };
  return { algorithm: { kind: 'peg', offsetBps: Math.floor((random() - 0.5) * 40), ...some } };
}

interface Run {
  readonly desk: Desk;
  readonly engine: Engine;
  readonly settings: string;
}

async function runSeed(seed: number): Promise<Run> {
  const random = randomOf(seed);
  const pick = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)];
  const validity = pick(5_000, 150_000, undefined);
  const reuse = pick('never', 'after-close', 'always' as const);
  const holdsStops = pick(true, false);
  const feeIn = pick('settlement', 'base' as const);
  const rate = pick(0.02, 0.08, 0.2);
  const cancelAllAfterMs = pick(undefined, 150_000);
  let isCalm = true;
  const desk = new Desk({
    capabilities: {
      requestValidityMs: validity,
      clientOrderIdReuse: reuse as 'never',
      holdsStops,
      cancelAllAfter: { minMs: 1_000, maxMs: 86_400_000, scope: 'account' },
      orderTypes: holdsStops ? ['market', 'limit', 'stop'] : ['market', 'limit'],
    },
    live: { marginMs: 1_000, lostAfterMs: 300_000, cancelAllAfterMs },
    latestMs: validity === undefined ? 240_000 : validity * 1.2,
    feeIn: feeIn as 'base',
    random,
    script: scriptOf(seed),
    happens: (fault) => {
      const isNow = !isCalm && random() < (fault === 'crash' ? rate / 3 : rate);
      if (isNow) reached.set(fault, (reached.get(fault) ?? 0) + 1);
      return isNow;
    },
  });
  await desk.open();
  await desk.run([10_000, 20_000]);
  await desk.arm();
  let [a, b] = [10_000, 20_000];
  const settings = JSON.stringify({ seed, validity, reuse, holdsStops, feeIn, rate, cancelAllAfterMs });
  for (let cycle = 0; cycle < FAULTY_CYCLES + CALM_CYCLES; cycle++) {
    isCalm = cycle >= FAULTY_CYCLES;
    const drift = (price: number): number => Math.round(price * (1 + (random() - 0.5) * 0.01));
    [a, b] = [drift(a), drift(b)];
    const commanded = isCalm ? -1 : Math.floor(random() * 8);
    let at = 0;
    await desk.run([a, b], () => (at++ === commanded ? command(desk, random) : Promise.resolve()));
    if (cycle === FAULTY_CYCLES) await desk.survive(() => state(desk, 'Active', 'calm'));
  }
  return { desk, engine: await desk.engine(), settings };
}

const state = (desk: Desk, to: 'Active' | 'Reducing' | 'Halted', key: string): Promise<unknown> =>
  setTradingState(desk.ports, STREAM, to, 'a test', by(`${key}-${desk.cycle}`));

/** A person at any moment. */
async function command(desk: Desk, random: () => number): Promise<void> {
  const kind = random();
  await desk.survive(async () => {
    if (kind < 0.4) {
      await state(desk, 'Halted', 'halt');
      if (random() < 0.8) await state(desk, 'Active', 'on');
    } else if (kind < 0.5) {
      await state(desk, 'Reducing', 'reduce');
      await state(desk, 'Active', 'again');
    } else if (kind < 0.6) {
      await disarmLive(desk.ports, STREAM, 'a test', by(`disarm-${desk.cycle}`));
      const request = { typed: armingPhrase(STREAM), maxOrderNotional: 5_000, maxExposure: 20_000, reason: 'again' };
      await armLive(desk.ports, STREAM, request, by(`rearm-${desk.cycle}`));
    } else {
      const [order] = (await desk.engine()).markets.flatMap(({ orders }) => orders);
      if (!order) return;
      await cancelOrder(desk.ports, STREAM, order.id, by(`cancel-${desk.cycle}`)).catch(() => undefined);
    }
  });
}

describe('a live account at a venue that fails', () => {
  test('comes to rest equal to the venue, whatever failed, with no order doubled and none lost', {
    timeout: 600_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const run = await runSeed(seed);
        try {
          expectAtRest(run.desk, run.engine);
        } catch (error) {
          throw new Error(`${run.settings}: ${error instanceof Error ? error.message : error}`, { cause: error });
        }
      }),
      { numRuns: RUNS, seed: FIRST_SEED, endOnFailure: true },
    );
  });

  test('has met every fault that the venue knows, and the end of the process at every point', () => {
    const counts = Object.fromEntries([...reached].sort());
    expect(Object.keys(counts)).toHaveLength(17);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });
});
