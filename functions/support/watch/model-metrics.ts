/** What a look says in numbers: metrics that a model has by itself, under a dimension of its name. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { KeptLook } from '../../../adapters/models/monitoring/kept-looks.ts';
import { metrics } from '../observe.ts';

/** Each 1 or 0, at every look. */
export function countLook({ model, state }: KeptLook): void {
  const single = (name: string, value: boolean): void => {
    const metric = metrics.singleMetric();
    metric.addDimension('model', model);
    metric.addMetric(name, MetricUnit.Count, value ? 1 : 0);
  };
  single('ModelFlagged', state.flagged !== undefined);
  single('ModelTrainingDue', state.stage.name === 'queued');
}
