/** What a look says in numbers: metrics that a model has by itself, under a dimension of its name. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { KeptLook } from '../../../adapters/models/monitoring/kept-looks.ts';
import { metrics } from '../observe.ts';

/**
 * Each 1 or 0, at every look.
 * @param isTrained whether the deployment trains it: then what waits for a person is no training, but what it left
 */
export function countLook({ model, state, challenger }: KeptLook, isTrained: boolean): void {
  const single = (name: string, value: boolean): void => {
    const metric = metrics.singleMetric();
    metric.addDimension('model', model);
    metric.addMetric(name, MetricUnit.Count, value ? 1 : 0);
  };
  single('ModelFlagged', state.flagged !== undefined);
  if (isTrained) single('ModelChallengerBetter', challenger?.isBetter ?? false);
  else single('ModelTrainingDue', state.stage.name === 'queued');
}
