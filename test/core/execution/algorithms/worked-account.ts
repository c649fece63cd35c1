/** Random accounts some of whose proposals are worked by algorithms; everything follows from one seed. */
import type { Algorithm } from '../../../../core/execution/algorithms/algorithm.ts';
import type { Decision, Proposal, StrategyContext } from '../../../../core/strategies/contract.ts';
import type { AnyStrategy, RunningStrategy } from '../../../../core/strategies/runner.ts';
import { MINUTE } from '../../engine/account.ts';
import { generator, type RandomAccount, randomAccount } from '../../engine/random-account.ts';

/** A random account, of whose targets and market and limit orders every other is worked. */
export function workedAccount(seed: number, length: number, patient = false): RandomAccount {
  const { definition, bars } = randomAccount(seed, length, patient);
  const strategies = definition.strategies.map((running, index) => worked(running, seed * 31 + index));
  return { definition: { ...definition, strategies }, bars };
}

function worked(running: RunningStrategy, seed: number): RunningStrategy {
  const { onBar } = running.definition;
  const definition: AnyStrategy = {
    ...running.definition,
    volumeDays: () => 2,
    onBar: (context: StrategyContext): Decision => {
      const decision = onBar(context as never) as Decision;
      if (!decision) return decision;
      const random = generator(seed ^ Math.floor(context.time / MINUTE) ^ context.symbol.charCodeAt(0));
      const all = (Array.isArray(decision) ? decision : [decision]) as Proposal[];
      return all.map((proposal) => (random() < 0.5 ? byAlgorithm(random, proposal, context) : proposal));
    },
  };
  return { ...running, definition };
}

function byAlgorithm(random: () => number, proposal: Proposal, context: StrategyContext): Proposal {
  if (proposal.kind === 'cancel') return proposal;
  const { close } = (proposal.symbol ? (context.on(proposal.symbol) ?? context) : context).bar;
  const algorithm = randomAlgorithm(random, close);
  if (proposal.kind === 'target') return { ...proposal, algorithm };
  if (proposal.type !== 'market' && proposal.type !== 'limit') return proposal;
  const { price: _, timeInForce: __, postOnly: ___, oneCancelsOther: ____, ...rest } = proposal;
  return { ...rest, type: 'market', algorithm };
}

function randomAlgorithm(random: () => number, close: number): Algorithm {
  const limit = close * (1 + (random() - 0.5) * 0.04);
  const some = random() < 0.4 ? { limit } : {};
  const atEnd = random() < 0.5 ? 'send' : 'cancel';
  const minutes = 1 + Math.floor(random() * 12);
  const what = random();
  if (what < 0.35) return { kind: 'twap', cycles: minutes, slices: 1 + Math.floor(random() * 5), atEnd, ...some };
  if (what < 0.55) return { kind: 'vwap', durationMs: minutes * MINUTE, atEnd, ...some };
  const window = random() < 0.5 ? ({ durationMs: minutes * MINUTE, atEnd } as const) : {};
  if (what < 0.75)
    return {
      kind: 'iceberg',
      limit,
      ...(random() < 0.5 ? { shownShare: random() } : { shown: random() * 3 }),
      ...window,
    };
  return { kind: 'peg', offsetBps: Math.floor((random() - 0.4) * 60), ...some, ...window };
}
