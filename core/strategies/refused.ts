/** Why a strategy is not asked about a bar: what it reads of models and batches is not there. */
import { PlimsollError } from '../errors.ts';
import type { IndicatorSpec } from '../indicators/indicator.ts';
import { batchRefusal, isBatch } from '../models/batch/batch.ts';
import { opinionsIn, refusalIn } from '../models/combined-opinion.ts';

/** Whether a strategy may not be asked where an indicator's output `refused` is not 0. */
export const mayRefuse = (spec: IndicatorSpec): boolean =>
  isBatch(spec) ? spec.given !== undefined : opinionsIn(spec)[0]?.served !== undefined;

/**
 * What is said of a bar that is refused; undefined of an indicator that cannot refuse one.
 * @param refused its output of that name, not 0
 * @param bar of a batch, its output of that name
 */
export function refusalError(spec: IndicatorSpec, refused: number, bar: number | undefined): PlimsollError | undefined {
  if (isBatch(spec)) {
    if (spec.given === undefined || bar === undefined) return undefined;
    return new PlimsollError(
      'BATCH_REFUSED',
      batchRefusal(spec.given, refused, bar),
      'bring its table up with `plimsoll models batch`; what is held keeps its stops',
    );
  }
  const why = refusalIn(spec, refused);
  if (why === undefined) return undefined;
  return new PlimsollError('MODEL_REFUSED', why, 'see `plimsoll models show`; what is held keeps its stops');
}
