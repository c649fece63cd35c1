/** The rule that a meta label is about: it points the way that a feature of the row has its sign. */
import { PlimsollError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import type { LabelSpec } from '../table.ts';

/** 1 where the rule points up (0 or more), -1 where it points down, NaN where its feature is no number. */
export const primarySide = (value: number): number => (value >= 0 ? 1 : value < 0 ? -1 : Number.NaN);

/** Where the feature that decides stands among those of a row; -1 where the label is not about one. Throws `LABEL_PRIMARY_UNKNOWN`. */
export function primaryPlace(label: LabelSpec, features: readonly string[]): number {
  if (label.kind !== 'meta') return -1;
  const place = features.indexOf(label.primary);
  if (place >= 0) return place;
  throw new PlimsollError(
    'LABEL_PRIMARY_UNKNOWN',
    `the primary "${label.primary}" of the label is not among the features`,
    `add it to the features, or name one of them: ${nearest(label.primary, features)}`,
  );
}
