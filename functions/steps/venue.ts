/** The venue of a live account: found, asked, and told. What its answers mean is decided in core/execution/live. */
import { universeOf } from '../../core/configuration/definition.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { liveOf, orderOf } from '../../core/engine/venue-bookkeeping.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { VenueFacts } from '../../core/execution/live/take-over.ts';
import { assertFills } from '../../core/execution/live/take-over.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import type { ExecutionVenuePort, QueryAnswer } from '../../core/ports/execution-venue.ts';
import { accountOf } from './engines.ts';
import type { StepPorts } from './ports.ts';

/** Throws `VENUE_NOT_WIRED` where this runtime has no way to the account's venue, and what opening it throws ({@link StepPorts}). */
export async function venueOf(ports: StepPorts, stream: string): Promise<ExecutionVenuePort> {
  const { venue } = universeOf(ports.configuration, accountOf(ports, stream));
  if (ports.venue) return ports.venue(venue);
  throw new PlimsollError(
    'VENUE_NOT_WIRED',
    `the live account ${stream} trades at "${venue}", and nothing here can send an order there`,
    'run it where the venue’s keys are configured, or make it a paper account',
    { kept: 'nothing was sent' },
  );
}

export const isLive = (ports: StepPorts, stream: string): boolean => accountOf(ports, stream).live !== undefined;

/** Codes under which a venue says that nothing is known, or that there is no way to it. */
export const VENUE_PROBLEMS = [
  'VENUE_UNAVAILABLE',
  'VENUE_REFUSED',
  'VENUE_ANSWER_MALFORMED',
  'VENUE_NOT_WIRED',
  'VENUE_KEYS_MISSING',
  'VENUE_KEYS_UNREADABLE',
] as const;

/** The problem that a venue has, if that is what an error says. */
export function venueProblem(error: unknown): PlimsollError | undefined {
  const isOne = error instanceof PlimsollError && (VENUE_PROBLEMS as readonly string[]).includes(error.code);
  return isOne ? error : undefined;
}

/** The venue, or why there is none. */
export async function venueOrProblem(
  ports: StepPorts,
  stream: string,
): Promise<{ readonly venue: ExecutionVenuePort } | { readonly problem: PlimsollError }> {
  try {
    return { venue: await venueOf(ports, stream) };
  } catch (error) {
    const problem = venueProblem(error);
    if (!problem) throw error;
    return { problem };
  }
}

export const instrumentsOf = (engine: Engine): readonly Instrument[] =>
  engine.markets.map(({ instrument }) => instrument);

/** An order that the venue can be asked about, or asked to cancel. */
export interface Outstanding {
  readonly order: number;
  readonly instrument: Instrument;
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  /** That it is to be canceled. */
  readonly isCanceled: boolean;
  /** Whether the venue has said that it has it. */
  readonly isKnown: boolean;
}

/** Everything that is out. */
export function outstanding(engine: Engine): Outstanding[] {
  const live = liveOf(engine);
  return [...live.orders.values()].flatMap((sent) => {
    const order = orderOf(engine, sent);
    if (!order || !live.isOut(order)) return [];
    const { clientOrderId, venueOrderId } = sent;
    const { instrument } = engine.markets[sent.instrument];
    const isCanceled = order.state === 'PendingCancel';
    return [
      { order: sent.order, instrument, clientOrderId, venueOrderId, isCanceled, isKnown: sent.phase === 'known' },
    ];
  });
}

/**
 * Everything that a reconciliation asks, in an order that makes one answer safe with the next: the clock, before which nothing that it
 * bounds is asked; the orders; then the fills, so that an order that has ended has its fills among them. Throws what the venue throws.
 */
export async function gatherFacts(venue: ExecutionVenuePort, engine: Engine): Promise<VenueFacts> {
  const live = liveOf(engine);
  const instruments = instrumentsOf(engine);
  const clock = await venue.clock();
  const openOrders = await venue.openOrders(instruments);
  const answers = new Map<number, QueryAnswer>();
  for (const out of outstanding(engine)) {
    const open = openOrders.find(
      ({ clientOrderId, venueOrderId }) =>
        clientOrderId === out.clientOrderId || (out.venueOrderId !== '' && venueOrderId === out.venueOrderId),
    );
    answers.set(
      out.order,
      open ? { kind: 'found', order: open } : await venue.query(out.instrument, out.clientOrderId),
    );
  }
  const isFirst = live.fillCursor === undefined;
  if (isFirst) live.fillsSince = clock;
  const { fills, cursor } = await venue.fills(instruments, live.fillsSince, live.fillCursor);
  assertFills(engine, fills);
  const payments = await paymentsAt(venue, engine);
  return { clock, openOrders, answers, fills: isFirst ? [] : fills, cursor, payments };
}

/**
 * What the venue pays and charges apart from fills; undefined where it does not, or not that can be read. Throws `VENUE_NOT_WIRED` for
 * perpetuals then: without their funding the ledger would part from the venue.
 */
async function paymentsAt(venue: ExecutionVenuePort, engine: Engine): Promise<VenueFacts['payments']> {
  const { fillsSince, paymentCursor } = liveOf(engine);
  if (venue.payments) return venue.payments(instrumentsOf(engine), fillsSince, paymentCursor);
  if (!engine.hasPerpetuals) return undefined;
  throw new PlimsollError(
    'VENUE_NOT_WIRED',
    `what ${venue.venue} settles in perpetuals cannot be read from it`,
    'trade them in a paper account, or at a venue where it can',
    { kept: 'nothing was sent' },
  );
}
