/** What the members of an ensemble said of rows that they had not been trained on, and what came of them. */
import { PlimsollError } from '../../errors.ts';

/** The most members of an ensemble, as in a manifest. */
export const MAX_MEMBERS = 64;
const MAX_ROWS = 1_000_000;
/** A probability of 0 or 1 that is wrong would cost without end; as in the training job. */
const LEAST_PROBABILITY = 1e-6;

/** Rows in order of the time at which they were predicted, in columns of equal length. */
export interface MemberPredictions {
  readonly members: readonly string[];
  /** When the row was predicted, ms UTC. */
  readonly known: Float64Array;
  /** When its label was known, ms UTC: a label of 24 bars is known 24 bars later. */
  readonly end: Float64Array;
  /** 1 where the price went up, else 0. */
  readonly label: Float64Array;
  /** By member: its probability of going up. Of models that were not trained on the row. */
  readonly up: readonly Float64Array[];
}

/** In nats. */
export function logLoss(label: number, up: number): number {
  const bounded = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, up));
  return -Math.log(label === 1 ? bounded : 1 - bounded);
}

/** ln p / (1 − p), bounded as {@link logLoss} is. */
export function logOdds(up: number): number {
  const bounded = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, up));
  return Math.log(bounded / (1 - bounded));
}

/** A `PREDICTIONS_INVALID` error. */
export const predictionsInvalid = (what: string, remedy: string): PlimsollError =>
  new PlimsollError('PREDICTIONS_INVALID', what, remedy);

/** Throws `PREDICTIONS_INVALID` where the columns do not fit each other, are out of order, or hold what is no label or probability. */
export function assertPredictions({ members, known, end, label, up }: MemberPredictions): void {
  assertMembers(members.length);
  const rows = known.length;
  if (rows < 1 || rows > MAX_ROWS) throw predictionsInvalid(`there are ${rows} rows`, `pass 1 to ${MAX_ROWS}`);
  if (up.length !== members.length || [end, label, ...up].some((column) => column.length !== rows))
    throw predictionsInvalid('columns differ in length', 'pass a column a member, and one entry a row in each');
  for (let t = 0; t < rows; t++) {
    if (!Number.isFinite(known[t]) || (t > 0 && known[t] < known[t - 1]))
      throw predictionsInvalid(`row ${t} is of ${known[t]}, before the row before it`, 'sort rows by time');
    if (!(end[t] > known[t] && end[t] < Number.POSITIVE_INFINITY))
      throw predictionsInvalid(`the label of row ${t} is known at ${end[t]}, not after the row`, 'leave such rows out');
    assertLabel(label[t], `row ${t}`);
  }
  up.forEach((column, k) => {
    for (let t = 0; t < rows; t++) assertProbability(column[t], `member "${members[k]}" in row ${t}`);
  });
}

/** Throws `PREDICTIONS_INVALID` unless there are 2 to 64. */
export function assertMembers(count: number): void {
  if (!(count >= 2 && count <= MAX_MEMBERS))
    throw predictionsInvalid(`there are ${count} members to combine`, `pass 2 to ${MAX_MEMBERS}`);
}

export function assertLabel(label: number, where: string): void {
  if (label !== 0 && label !== 1) throw predictionsInvalid(`the label of ${where} is ${label}`, 'pass 0 or 1');
}

export function assertProbability(up: number, who: string): void {
  if (!(up >= 0 && up <= 1)) throw predictionsInvalid(`${who} said ${up}, which is no probability`, 'train it anew');
}
