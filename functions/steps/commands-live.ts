/** What a person does to a live account: arms it, disarms it, and takes what the venue holds for right. */
import { recordDocument } from '../../core/engine/bookkeeping.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { arm } from '../../core/engine/venue-bookkeeping.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Arming, LIVE_BOUNDS, type LiveAccount } from '../../core/execution/live/account.ts';
import { settleDifference } from '../../core/execution/live/compare.ts';
import { cancelOpenings } from '../../core/risk/kill-switch.ts';
import { type CommandOrigin, runCommand } from './commands.ts';
import type { StepPorts } from './ports.ts';

/** Money in plain units of the account's currency. */
export interface ArmingRequest {
  /** What a person types so that it is not done by a slip: {@link armingPhrase}. */
  readonly typed: string;
  /** Largest notional of one order. */
  readonly maxOrderNotional: number;
  /** Positions and working orders together. */
  readonly maxExposure: number;
  readonly reason: string;
}

/** What arms a stream: the name of its account. */
export const armingPhrase = (stream: string): string => stream.slice(stream.indexOf('/') + 1);

/**
 * Arms a live account up to limits: tiny at first (`live.first` of its configuration), at most ten times what was armed before from
 * then on. Throws `ACCOUNT_NOT_LIVE`, `ARMING_NOT_TYPED`, `ARMING_LIMITS_TOO_HIGH`, `ARMING_LIMITS_INVALID`.
 */
export function armLive(ports: StepPorts, stream: string, request: ArmingRequest, origin: CommandOrigin) {
  return runCommand(ports, stream, 'live.arm', origin, (engine) => {
    const live = liveAccount(engine);
    if (request.typed !== armingPhrase(stream)) {
      throw new PlimsollError(
        'ARMING_NOT_TYPED',
        `"${request.typed}" does not arm ${stream}`,
        `type the account’s name, ${armingPhrase(stream)}, to trade real money with it`,
        { kept: 'the account is as it was' },
      );
    }
    const arming = scaledArming(engine, request);
    assertWithin(engine, live, arming);
    arm(engine, arming, `${request.reason} (${origin.principal.name})`);
    return { armed: true, maxOrderNotional: request.maxOrderNotional, maxExposure: request.maxExposure };
  });
}

/** Nothing new is opened from here on, and working orders that could open anything are canceled. Protection stays. */
export function disarmLive(ports: StepPorts, stream: string, reason: string, origin: CommandOrigin) {
  return runCommand(ports, stream, 'live.disarm', origin, (engine) => {
    const live = liveAccount(engine);
    if (live.arming) arm(engine, undefined, `${reason} (${origin.principal.name})`);
    return { armed: false, canceled: cancelOpenings(engine, 'live trading is disarmed') };
  });
}

/**
 * What the venue holds is right: the next reconciliation compares from what it finds then. For a deposit, a withdrawal, or a
 * difference that a person has looked into. Trading stays halted until it is resumed.
 */
export function acceptVenue(ports: StepPorts, stream: string, reason: string, origin: CommandOrigin) {
  return runCommand(ports, stream, 'live.accept-venue', origin, (engine) => {
    const live = liveAccount(engine);
    const by = `${reason} (${origin.principal.name})`;
    recordDocument(engine, 'VenueAlert', { code: 'VENUE_ACCEPTED', reason: by, since: live.difference?.since ?? 0 });
    live.offsets = undefined;
    settleDifference(live);
    live.reconciled = false;
    return { accepted: true };
  });
}

function liveAccount({ live, definition: { stream } }: Engine): LiveAccount {
  if (live) return live;
  throw new PlimsollError(
    'ACCOUNT_NOT_LIVE',
    `${stream} is a paper account`,
    'name a live account, one with `live:` in the configuration',
  );
}

function scaledArming({ moneyScale }: Engine, { maxOrderNotional, maxExposure }: ArmingRequest): Arming {
  const arming = {
    maxOrderNotional: Math.floor(maxOrderNotional * moneyScale),
    maxExposure: Math.floor(maxExposure * moneyScale),
  };
  const isValid = Object.values(arming).every((money) => Number.isSafeInteger(money) && money > 0);
  if (isValid && arming.maxOrderNotional <= arming.maxExposure) return arming;
  throw new PlimsollError(
    'ARMING_LIMITS_INVALID',
    `live trading cannot be armed for orders of ${maxOrderNotional} within ${maxExposure}`,
    'give two amounts of money, the first at most as large as the second',
    { kept: 'the account is as it was' },
  );
}

/** The most that a live account may be armed for now, scaled money. */
export function mostArming({ moneyScale }: Engine, { highestArmed, settings: { first } }: LiveAccount): Arming {
  const mostOf = (before: number | undefined, firstOf: number): number =>
    Math.max((before ?? 0) * LIVE_BOUNDS.armingFactor, Math.floor(firstOf * moneyScale));
  return {
    maxOrderNotional: mostOf(highestArmed?.maxOrderNotional, first.maxOrderNotional),
    maxExposure: mostOf(highestArmed?.maxExposure, first.maxExposure),
  };
}

function assertWithin(engine: Engine, live: LiveAccount, asked: Arming): void {
  const { moneyScale } = engine;
  const most = mostArming(engine, live);
  if (asked.maxOrderNotional <= most.maxOrderNotional && asked.maxExposure <= most.maxExposure) return;
  throw new PlimsollError(
    'ARMING_LIMITS_TOO_HIGH',
    `orders of ${asked.maxOrderNotional / moneyScale} within ${asked.maxExposure / moneyScale} are more than this account may be armed for now`,
    `arm at most ${most.maxOrderNotional / moneyScale} within ${most.maxExposure / moneyScale}, and more once that has gone well`,
    { kept: 'the account is as it was' },
  );
}
