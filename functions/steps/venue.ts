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

/** Throws `VENUE_NOT_WIRED` where this runtime has no way to the account's venue. */
export function venueOf(ports: StepPorts, stream: string): ExecutionVenuePort {
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

/** Codes under which a venue says that nothing is known. */
const PROBLEMS: readonly string[] = ['VENUE_UNAVAILABLE', 'VENUE_REFUSED', 'VENUE_ANSWER_MALFORMED', 'VENUE_NOT_WIRED'];

/** The problem that a venue has, if that is what an error says. */
export function venueProblem(error: unknown): PlimsollError | undefined {
  return error instanceof PlimsollError && PROBLEMS.includes(error.code) ? error : undefined;
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
  return { clock, openOrders, answers, fills: isFirst ? [] : fills, cursor };
}
