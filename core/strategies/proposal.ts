import { algorithmFault } from '../execution/algorithms/fault.ts';
import { ORDER_TYPES, SIDES, TIMES_IN_FORCE } from '../execution/order.ts';
import type { OrderProposal, Proposal, Protection, TargetProposal } from './contract.ts';

/** The largest exposure that a proposal may ask for, as a multiple of what the strategy may use. */
export const MAX_EXPOSURE = 100;

/** What is wrong with what a strategy returned, as a clause; undefined when it can be handled. */
export function proposalFault(proposal: unknown): string | undefined {
  if (typeof proposal !== 'object' || proposal === null)
    return `it returned ${describe(proposal)} where a proposal was expected`;
  const { kind, reason } = proposal as Proposal;
  if (typeof reason !== 'string' || reason === '') return 'its proposal has no reason';
  if (kind === 'target')
    return exposureFault(proposal as { exposure: unknown }) ?? sharedFault(proposal as TargetProposal);
  if (kind === 'order')
    return (
      orderFault(proposal as OrderProposal) ??
      workedFault(proposal as OrderProposal) ??
      sharedFault(proposal as OrderProposal)
    );
  if (kind === 'cancel') return undefined;
  return `it returned a proposal of the unknown kind ${describe(kind)}`;
}

const sharedFault = (proposal: TargetProposal | OrderProposal): string | undefined =>
  protectionFault(proposal) ?? algorithmFault(proposal.algorithm);

/** The algorithm chooses how its orders are sent. */
function workedFault({ algorithm, type, timeInForce, postOnly, oneCancelsOther }: OrderProposal): string | undefined {
  if (algorithm === undefined) return undefined;
  if (type !== 'market')
    return `its order has an algorithm and the type ${type}; give the type market, and the limit in the algorithm`;
  const isOwn = (timeInForce ?? 'gtc') === 'gtc' && !postOnly && oneCancelsOther === undefined;
  return isOwn
    ? undefined
    : 'its order has an algorithm, beside which there is no timeInForce, postOnly or oneCancelsOther';
}

function exposureFault({ exposure }: { exposure: unknown }): string | undefined {
  if (typeof exposure !== 'number' || !(Math.abs(exposure) <= MAX_EXPOSURE)) {
    return `its exposure is ${describe(exposure)}, not a number from -${MAX_EXPOSURE} to ${MAX_EXPOSURE}`;
  }
  return undefined;
}

function orderFault(order: OrderProposal): string | undefined {
  if (!SIDES.includes(order.side)) return `its order has the side ${describe(order.side)}`;
  if (!ORDER_TYPES.includes(order.type)) return `its order has the type ${describe(order.type)}`;
  if (order.timeInForce !== undefined && !TIMES_IN_FORCE.includes(order.timeInForce)) {
    return `its order has the time in force ${describe(order.timeInForce)}`;
  }
  if ((order.quantity === undefined) === (order.exposure === undefined))
    return 'its order needs a quantity or an exposure, not both';
  if (
    order.exposure !== undefined &&
    !(exposureFault({ exposure: order.exposure }) === undefined && order.exposure > 0)
  ) {
    return `its order has the exposure ${describe(order.exposure)}`;
  }
  for (const name of ['quantity', 'price', 'trigger', 'trailing'] as const) {
    const value = order[name];
    if (value !== undefined && !isPositive(value)) return `its order has the ${name} ${describe(value)}`;
  }
  if (order.trailing !== undefined && order.trailing >= 1)
    return `its order has the trailing ${order.trailing}; give a fraction below 1`;
  if (order.oneCancelsOther !== undefined && typeof order.oneCancelsOther !== 'string') {
    return `its order has the group ${describe(order.oneCancelsOther)}; give a word`;
  }
  return undefined;
}

function protectionFault({ stopLoss, takeProfit, trailingStop, breakEven, timeStop }: Protection): string | undefined {
  if (typeof trailingStop === 'object') return 'its trailingStop is a price; give a fraction below 1';
  if (stopLoss !== undefined && trailingStop !== undefined) return 'it has both a stopLoss and a trailingStop';
  if (breakEven !== undefined && stopLoss === undefined)
    return 'it has a breakEven and no stopLoss that could move to it';
  if (typeof breakEven === 'object') return 'its breakEven is a price; give a fraction below 1';
  return (
    levelFault('stopLoss', stopLoss) ??
    levelFault('takeProfit', takeProfit) ??
    levelFault('trailingStop', trailingStop) ??
    levelFault('breakEven', breakEven) ??
    timeFault(timeStop)
  );
}

/** A hundred years: more is a slip. */
const MAX_HELD = 100 * 366 * 86_400_000;

function timeFault(timeStop: Protection['timeStop']): string | undefined {
  if (timeStop === undefined) return undefined;
  const { bars, ms } = (timeStop ?? {}) as { bars?: unknown; ms?: unknown };
  const span = bars ?? ms;
  const isSpan = Number.isInteger(span) && (span as number) > 0 && (span as number) <= MAX_HELD;
  if ((bars === undefined) !== (ms === undefined) && isSpan) return undefined;
  return 'its timeStop is not { bars } or { ms } with a whole number above 0';
}

function levelFault(name: string, level: Protection['stopLoss']): string | undefined {
  if (level === undefined) return undefined;
  if (typeof level === 'object' ? isPositive(level?.price) : isPositive(level) && level < 1) return undefined;
  return `its ${name} is ${describe(typeof level === 'object' ? level?.price : level)}; give a fraction below 1, or { price }`;
}

const isPositive = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY;

const describe = (value: unknown): string =>
  typeof value === 'string' ? `"${value.slice(0, 40)}"` : String(value).slice(0, 40);
