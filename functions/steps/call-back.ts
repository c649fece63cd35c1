/** Asking a venue to cancel: within execute, and at once after a person has canceled. */
import type { ExecutionVenuePort } from '../../core/ports/execution-venue.ts';
import { loadAccount } from './account-state.ts';
import { engineOf } from './engines.ts';
import type { StepPorts } from './ports.ts';
import { isLive, type Outstanding, outstanding, venueOrProblem } from './venue.ts';

/** An order that counted as lost and is at the venue after all. */
export type Stray = Pick<Outstanding, 'instrument' | 'clientOrderId'>;

export interface ToCallBack {
  readonly outstanding: readonly Outstanding[];
  readonly strays: readonly Stray[];
}

/** What the venue answers to a cancel is not believed: the order ends when it says so of the order. */
export async function callBack(ports: StepPorts, venue: ExecutionVenuePort, plan: ToCallBack): Promise<void> {
  const unbounded = venue.capabilities.requestValidityMs === undefined;
  const canceled = plan.outstanding.filter((out) => out.isCanceled || (unbounded && !out.isKnown));
  for (const { instrument, clientOrderId } of [...canceled, ...plan.strays]) {
    await venue.cancel(instrument, clientOrderId);
    ports.faultPoint?.('venue:canceled');
  }
}

/**
 * Asks the venue at once to cancel what a person has just canceled, without waiting for the next cycle. What fails here is asked
 * again there, so nothing of it is kept. Does nothing for a paper account.
 */
export async function callBackNow(ports: StepPorts, stream: string): Promise<void> {
  if (!ports.venue || !isLive(ports, stream)) return;
  const found = await venueOrProblem(ports, stream);
  if ('problem' in found) return;
  const { state } = await loadAccount(ports.ledger, stream);
  const engine = await engineOf(ports, stream, state.engine);
  engine.restore(state.engine);
  const out = outstanding(engine).filter(({ isCanceled }) => isCanceled);
  if (out.length > 0) await callBack(ports, found.venue, { outstanding: out, strays: [] });
}
