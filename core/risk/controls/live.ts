/** Controls of an account that trades with real money; a paper account passes them all. */
import { type Candidate, type Cap, type Check, refuse } from './control.ts';

/** A live account opens nothing until a person has typed that it may, and how much. */
export const armed: Check = {
  code: 'LIVE_NOT_ARMED',
  owner: 'risk',
  check: ({ engine: { live } }) => (live !== undefined && !live.arming ? refuse('LIVE_NOT_ARMED') : undefined),
};

/** Without the venue's word on orders, fills and balances in this cycle, nobody knows what a new order adds to. */
export const reconciled: Check = {
  code: 'VENUE_NOT_RECONCILED',
  owner: 'operations',
  check: ({ engine: { live } }) => (live !== undefined && !live.reconciled ? refuse('VENUE_NOT_RECONCILED') : undefined),
};

/** Tiny at first: what is armed grows by hand, tenfold at most, once an account has shown what it does. */
export const armedOrder: Cap = {
  code: 'ARMED_ORDER_EXCEEDED',
  owner: 'risk',
  isShare: false,
  limitOf: ({ engine }) => armedMoney(engine.live?.arming?.maxOrderNotional),
  usedOf: () => 0,
};

/** As for one order: all positions and working orders together stay within what was armed. */
export const armedExposure: Cap = {
  code: 'ARMED_EXPOSURE_EXCEEDED',
  owner: 'risk',
  isShare: false,
  limitOf: ({ engine }) => armedMoney(engine.live?.arming?.maxExposure),
  usedOf: (candidate: Candidate) => candidate.exposures.gross,
};

const armedMoney = (limit: number | undefined): number => limit ?? Number.POSITIVE_INFINITY;
