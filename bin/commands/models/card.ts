/** What is said of a version: its figures, its limits, and how near what is evaluated here comes to its libraries. */
import type { ModelVersion } from '../../../adapters/models/registry.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import type { Card } from '../../../operations/models/listed.ts';
import { rounded } from '../../../operations/models/rounded.ts';
import { percent, say } from './print.ts';

export function sayCard({ card, about }: ModelVersion): void {
  const { rows, period, ensemble, baseline, intervals, beatsBaseline, sure, calibration, limits } =
    card as unknown as Card;
  const [low, high] = intervals.accuracy;
  const [least, most] = intervals.logLossGained;
  say(
    `  ${rows} rows, ${formatInstant(period.from)} to ${formatInstant(period.to)}; all figures are of rows that the models had not seen`,
  );
  say(
    `  log loss ${rounded(ensemble.logLoss)}, baseline ${rounded(baseline.logLoss)}; gained ${rounded(least)} to ${rounded(most)} (95 %)`,
  );
  say(
    `  accuracy ${percent(ensemble.accuracy)} (${percent(low)} to ${percent(high)}), AUC ${rounded(ensemble.auc)}, calibration error ${percent(calibration.error)}`,
  );
  say(
    `  sure of ${percent(sure.share)} of the rows${sure.accuracy === null ? '' : `, of which ${percent(sure.accuracy)} were right`}`,
  );
  say(
    beatsBaseline
      ? '  It beats the baseline.'
      : '  It does not beat the baseline: there is no evidence that it knows anything.',
  );
  const parities = Object.entries(about.parity);
  const worst = Math.max(...parities.map(([, { largestDifference }]) => largestDifference));
  const exact = parities.filter(([, { unequalScores }]) => unequalScores === 0).map(([member]) => member);
  say(
    `  the same here as in its libraries: probabilities within ${worst.toExponential(1)} on ${parities[0]?.[1].rows} rows; to the last bit ${exact.join(', ') || 'none'}`,
  );
  for (const limit of limits) say(`  limit: ${limit}`);
}
