/** How another version compares with the one that decides, over the same rows. */
import { ScoreEvidence } from './evidence.ts';
import { invalid } from './input.ts';
import type { Comparison } from './lifecycle.ts';
import { type PredictionLog, spacedRows } from './prediction-log.ts';

/**
 * Takes the rows known after a time that both have, spaced so that each is news; rows that the other one could not answer are counted,
 * and not compared. Throws `MONITORING_INPUT_INVALID` where the two were asked for other outcomes.
 * @param champion the log of the version that decides, and `other` that of the other, over the same bars
 * @param since ms UTC
 */
export function comparisonOf(champion: PredictionLog, other: PredictionLog, since: number): Comparison {
  if (champion.horizonBars !== other.horizonBars)
    throw invalid(
      `outcomes of ${champion.horizonBars} and ${other.horizonBars} bars are compared`,
      'compare versions that learned the same label',
    );
  const places = new Map(Array.from(other.known, (time, k) => [time, k] as const));
  const evidence = new ScoreEvidence();
  for (const k of spacedRows(champion, since + 1)) {
    const place = places.get(champion.known[k]);
    if (place === undefined || Number.isNaN(other.up[place])) continue;
    evidence.add(champion.up[k], other.up[place], champion.outcome[k]);
  }
  const { rows, better, worse } = evidence;
  return { outcomes: rows, better, worse, refused: refusedSince(other, since) };
}

/** Rows that a version could not answer after a time, ms UTC. Those that wait for an answer are none. */
export const refusedSince = ({ known, up, answered }: PredictionLog, since: number): number =>
  up.subarray(0, answered).reduce((count, value, k) => count + (known[k] > since && Number.isNaN(value) ? 1 : 0), 0);
