/** What an account would make if the named days came again. */
import type { ValuedPosition } from '../portfolio/portfolio-risk.ts';
import { applyScenario, type MissingMove, type Scenario } from '../portfolio/stress.ts';
import type { Held } from './exposure.ts';

export interface StressOutcome {
  readonly id: string;
  readonly name: string;
  readonly what: string;
  /** ms UTC, exclusive at the end. */
  readonly from: number;
  readonly to: number;
  /** Money, negative for a loss, at the last close within. Null where the bars of a position do not cover it. */
  readonly profit: number | null;
  /** The same with each position at its own worst price within. */
  readonly worst: number | null;
  readonly positions: readonly { readonly symbol: string; readonly change: number; readonly profit: number }[];
  /** Positions whose loss is not known, and why. */
  readonly missing: readonly MissingMove[];
}

export interface Stress {
  readonly outcomes: readonly StressOutcome[];
  /** Why there are none. */
  readonly because?: string;
}

/** What is held through every scenario; nothing where nothing is held, or where the value of something is not known. */
export function stressHeld(scenarios: readonly Scenario[], held: readonly Held[]): Stress {
  if (held.length === 0) return { outcomes: [], because: 'nothing is held: no day would change anything' };
  const unpriced = held.filter(({ value }) => value === undefined).map(({ instrument }) => instrument);
  if (unpriced.length > 0)
    return { outcomes: [], because: `${unpriced.join(', ')} has no price: what the named days would do is not known` };
  return { outcomes: scenarios.map((scenario) => stressOf(scenario, held as readonly ValuedPosition[])) };
}

function stressOf(scenario: Scenario, positions: readonly ValuedPosition[]): StressOutcome {
  const { id, name, what, from, to } = scenario.window;
  const close = applyScenario(scenario, positions);
  return {
    id,
    name,
    what,
    from,
    to,
    profit: close.profit ?? null,
    worst: applyScenario(scenario, positions, 'worst').profit ?? null,
    positions: close.positions.map(({ instrument, change, profit }) => ({ symbol: instrument, change, profit })),
    missing: close.missing,
  };
}
