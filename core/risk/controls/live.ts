/** How much a person has armed a live account for; a paper account passes. */
import type { Candidate, Cap } from './control.ts';

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
