import type { ModelSighting } from '../api/types.ts';
import { number, percent } from '../format.ts';
import { Time } from './figure.tsx';

/** What the latest look at a model found, in a line; nothing of one that is not watched. */
export function Sighting({ of }: { readonly of: ModelSighting | undefined }) {
  if (!of) return null;
  const { lookedAt, nextLookAt, problem } = of;
  return (
    <p className="quiet" data-sighting={of.model}>
      {lookedAt === null ? (
        'Watched, and not looked at yet'
      ) : (
        <>
          Looked at <Time ms={lookedAt} />
        </>
      )}
      {nextLookAt !== null && (
        <>
          , next <Time ms={nextLookAt} />
        </>
      )}
      {wordsOf(of).map((words) => `; ${words}`)}
      {problem && <span className="stale"> {problem}</span>}
    </p>
  );
}

function wordsOf({ stage, share, flagged, figures }: ModelSighting): string[] {
  const words: string[] = [];
  if (stage) words.push(share === null ? STAGES[stage] : `${STAGES[stage]}, ${percent(share, 0)} of the capital`);
  if (flagged) words.push(`flagged: ${flagged}`);
  if (!figures) return words;
  const { furthest, calibrationError } = figures;
  if (furthest)
    words.push(
      `furthest from what it learned: ${furthest.feature} (${number(furthest.ratio)} of ${number(furthest.limit)} allowed)`,
    );
  if (calibrationError !== null) words.push(`calibration error ${percent(calibrationError, 1)}`);
  return words;
}

const STAGES = {
  observing: 'observing',
  queued: 'a training waits',
  training: 'a training runs',
  shadow: 'a challenger in shadow',
  trial: 'a challenger on trial',
} as const;
