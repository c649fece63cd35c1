/** `models train … --on sagemaker`. */

import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { listedVersion } from '../../../operations/models/listed.ts';
import { rounded } from '../../../operations/models/rounded.ts';
import { trainOnSageMaker } from '../../../platform/models/sagemaker-training.ts';
import type { TrainArguments } from '../models.ts';
import { directoryOf } from './arguments.ts';
import { sayCard } from './card.ts';
import { say } from './print.ts';
import { cloudRun, statusLines } from './sagemaker.ts';

const SECONDS_PER_HOUR = 3_600;

/** Throws as {@link cloudRun} and {@link trainOnSageMaker} do. */
export async function trainThere(name: string, given: TrainArguments): Promise<void> {
  const { stop, ...run } = await cloudRun(given);
  const { version, job, billedSeconds, notes } = await trainOnSageMaker({
    ...run,
    directory: directoryOf(given),
    name,
    table: resolve(given.table),
    hyperparameters: given.set,
    by: userInfo().username,
    reason: given.reason,
    onStatus: statusLines(),
    now: () => Date.now(),
  }).finally(stop);
  if (given.json) return say(JSON.stringify(listedVersion(version, 'candidate')));
  for (const note of notes) say(note);
  say(
    `${name} ${version.version} is trained by the job ${job}${billed(billedSeconds, given.usdPerHour)}, and waits as a candidate.`,
  );
  sayCard(version);
}

function billed(seconds: number | undefined, usdPerHour: number | undefined): string {
  if (seconds === undefined) return '';
  const usd = usdPerHour ? `, ${rounded((seconds / SECONDS_PER_HOUR) * usdPerHour)} USD` : '';
  return `, ${seconds} s paid for${usd}`;
}
