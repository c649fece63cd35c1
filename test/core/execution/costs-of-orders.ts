import type { Engine } from '../../../core/engine/engine.ts';
import { type Shortfall, ShortfallFold } from '../../../core/execution/shortfall.ts';

/** What every order of an account cost, by its number, in plain money. */
export function costs(engine: Engine): Map<number, Shortfall> {
  const fold = new ShortfallFold(engine.markets);
  const ended = [...engine.journal.events()].flatMap((event) => fold.take(event) ?? []);
  return new Map([...ended, ...fold.working()].map((one) => [one.order, one]));
}
