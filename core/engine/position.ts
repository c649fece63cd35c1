/** A strategy's position in an instrument. It is virtual: those of all strategies add up to what the account holds. */
export class Position {
  /** Scaled; negative when short. */
  quantity = 0;
  /** Money paid for what is held (negative: received for what is short), fees apart. */
  cost = 0;
  /** Money earned by closing, before fees and funding. */
  realised = 0;
  fees = 0;
  funding = 0;
  /** Share that its strategy last asked for; NaN when none stands. */
  target = Number.NaN;
  /** Cycle (ms UTC) of the fill that opened it; 0 when flat. */
  openedAt = 0;
  /** Cycle (ms UTC) at which its time is over; 0 for never. */
  closeAt = 0;
  /** What the strategy had earned here, after fees and funding, before it was opened. */
  earnedBefore = 0;
}
