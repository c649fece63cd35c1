import type { SizingRules } from './sizing-rules.ts';

/** The rules of an account: those for all its strategies, and more for some of them, by their ids. */
export interface AccountSizing {
  readonly account?: SizingRules;
  readonly strategies: { readonly [id: string]: SizingRules };
}

/** Bars that have to be kept behind the latest, it included; 1 where no method looks back. */
export function barsForSizing(sizing: AccountSizing | undefined): number {
  const returns = rulesIn(sizing).map(({ volatilityTarget, riskParity }) =>
    Math.max(volatilityTarget?.bars ?? 0, riskParity?.bars ?? 0),
  );
  return 1 + Math.max(0, ...returns);
}

/** Whether a method looks at how trades ended. */
export const followsTrades = (sizing: AccountSizing | undefined): boolean =>
  rulesIn(sizing).some(({ kelly }) => kelly !== undefined);

const rulesIn = (sizing: AccountSizing | undefined): readonly SizingRules[] =>
  sizing ? [...(sizing.account ? [sizing.account] : []), ...Object.values(sizing.strategies)] : [];
