import { PlimsollError } from '../../core/errors.ts';
import type { ModelsPort, TrainingPlace } from './port.ts';

/** Where trainings are run. Throws `TRAINING_NOT_HERE`. */
export function trainingPlace({ training }: ModelsPort): TrainingPlace {
  if (training) return training;
  throw new PlimsollError(
    'TRAINING_NOT_HERE',
    'nothing of what is deployed trains models',
    'train where you deploy from, on SageMaker with `plimsoll models train NAME --table FOLDER --on sagemaker`; then promote the version and run `cdk deploy`',
  );
}

export const trainingUnknown = (id: string): PlimsollError =>
  new PlimsollError('JOB_UNKNOWN', `there is no training "${id}"`, 'list them with `plimsoll op models.queue`');
