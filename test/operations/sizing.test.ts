import { afterEach, beforeEach, expect, it } from 'vitest';
import { replayDecision } from '../../platform/replay-decision.ts';
import { type Desk, openDesk, SYMBOLS } from './desk.ts';

let desk: Desk;
beforeEach(() => {
  desk = openDesk(undefined, {
    sizing: {
      fixedFraction: { fraction: 0.5 },
      volatilityTarget: { daily: 0.002, bars: 10 },
      warmUpFraction: 0.01,
    },
  });
});
afterEach(() => desk.close());

interface Shown {
  readonly cycle: number;
  readonly strategy: string;
  readonly symbol: string;
  readonly proposal: { readonly exposure: number };
  readonly sizes?: readonly { strategy: string; method: string; fraction: number; candidates: { method: string }[] }[];
}

it('shows with each proposal what the sizing methods said, and decides it again to the same', async () => {
  await desk.run(40);
  const { proposals }: { proposals: Shown[] } = await desk.ask('proposals.list', { limit: 200 });
  const opening = proposals.filter(({ sizes }) => sizes);
  expect(opening.length).toBeGreaterThan(3);
  for (const { strategy, sizes } of opening) {
    for (const size of sizes ?? []) {
      expect(size.strategy).toBe(strategy);
      expect(size.candidates.map(({ method }) => method)).toEqual(['fixed-fraction', 'volatility-target']);
      expect(size.method).toBe('volatility-target');
    }
  }
  expect(proposals.filter(({ proposal, sizes }) => proposal.exposure === 0 && sizes)).toEqual([]);
  expect(SYMBOLS).toContain(opening[0].symbol);
  const decision = await replayDecision(desk.steps, 'tests/paper', String(opening[0].cycle));
  expect(decision).toMatchObject({ same: true, differences: [] });
  expect(decision.events.map(({ event }) => event.kind)).toContain('OrderSized');
});

it('shows no sizes of an account without methods', async () => {
  const plain = openDesk();
  await plain.run(20);
  const { proposals }: { proposals: Shown[] } = await plain.ask('proposals.list', { limit: 200 });
  expect(proposals.length).toBeGreaterThan(3);
  expect(proposals.filter(({ sizes }) => sizes)).toEqual([]);
  plain.close();
});
