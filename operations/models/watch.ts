import type { Sighting } from '../../core/models/monitoring/sighting.ts';
import type { OperationContext } from '../operation.ts';
import type { Watching } from './port.ts';
import { rounded } from './rounded.ts';
import type { WatchOutput } from './schema.ts';

/** What the latest look at each model found, whoever looked, and whether this instance looks by itself. */
export default async function watch(context: OperationContext): Promise<WatchOutput> {
  const models = await context.models();
  const watching = models.watching?.();
  const sightings = new Map((await models.sightings?.())?.map((sighting) => [sighting.model, sighting]));
  const names = new Set([...(watching?.models ?? []).map(({ model }) => model), ...sightings.keys()]);
  return {
    watcher: watching ? { state: watching.state, since: watching.since, problem: watching.problem ?? null } : null,
    models: [...names].sort().map((name) => toldOf(name, sightings.get(name), watching)),
  };
}

function toldOf(
  model: string,
  sighting: Sighting | undefined,
  watching: Watching | undefined,
): WatchOutput['models'][number] {
  const own = watching?.models.find((watched) => watched.model === model);
  const { figures, challenger } = sighting ?? {};
  const { furthest } = figures ?? {};
  return {
    model,
    isWatched: own !== undefined,
    isLooking: own?.isLooking ?? false,
    lookedAt: sighting?.lookedAt ?? null,
    nextLookAt: sighting?.nextLookAt ?? null,
    problem: own?.problem ?? sighting?.problem ?? null,
    barsTo: sighting?.barsTo ?? null,
    champion: sighting?.champion ?? null,
    stage: sighting?.stage?.name ?? null,
    share: sighting?.stage?.name === 'trial' ? sighting.stage.share : null,
    flagged: sighting?.flagged ?? null,
    figures: figures
      ? {
          ...{ version: figures.version, rows: figures.rows, outcomes: figures.outcomes },
          ...{ refused: figures.refused, waiting: figures.waiting },
          calibrationError: figures.calibrationError === undefined ? null : rounded(figures.calibrationError),
          furthest: furthest
            ? {
                feature: furthest.feature,
                ...{ psi: rounded(furthest.psi), ratio: rounded(furthest.ratio), limit: rounded(furthest.limit) },
              }
            : null,
          unlike: figures.unlike === undefined ? null : rounded(figures.unlike),
        }
      : null,
    challenger: challenger
      ? {
          ...{ version: challenger.version, outcomes: challenger.outcomes, refused: challenger.refused },
          ...{ better: rounded(challenger.better), worse: rounded(challenger.worse) },
          ...{ needed: rounded(challenger.needed), isBetter: challenger.isBetter },
        }
      : null,
  };
}
