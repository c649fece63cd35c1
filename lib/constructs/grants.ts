/** What functions may do with the ledger and the lake, by action and by prefix. */
import { Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { TRAINING_PREFIX } from '../../adapters/aws/training-tables.ts';
import { SIGHTINGS_PREFIX } from '../../adapters/models/monitoring/sightings.ts';
import { MODELS_PREFIX } from '../../adapters/models/registry.ts';
import { TRAININGS_PREFIX } from '../../adapters/models/training-queue.ts';
import { LAKE_PREFIX } from '../../functions/support/lake-prefix.ts';
import { SWEEPS_PREFIX } from '../../functions/support/sweep/sweeps-prefix.ts';
import { REPORTS_PREFIX } from '../../operations/risk/report-key.ts';
import type { DataStack } from '../stacks/data.ts';
import type { TrainingStack } from '../stacks/training.ts';

/** Everything that the ledger's adapter calls. Nothing is ever deleted. */
const LEDGER_ACTIONS = ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'].map(
  (name) => `dynamodb:${name}`,
);

/** Reads and writes the ledger. */
export function grantLedger({ ledger }: DataStack, fn: LambdaFunction): void {
  ledger.grant(fn, ...LEDGER_ACTIONS);
}

/** Reads and writes the lake. */
export function grantLake(data: DataStack, fn: LambdaFunction): void {
  grantObjects(data, fn, 'LakeObjects', LAKE_PREFIX, ['s3:GetObject', 's3:PutObject']);
}

/** Reads the lake. */
export function grantLakeReads(data: DataStack, fn: LambdaFunction): void {
  grantObjects(data, fn, 'LakeReads', LAKE_PREFIX, ['s3:GetObject']);
}

type ObjectAction = 's3:GetObject' | 's3:PutObject';

/** The risk reports of the days that are over. */
export function grantReports(data: DataStack, fn: LambdaFunction, actions: readonly ObjectAction[]): void {
  grantObjects(data, fn, 'Reports', REPORTS_PREFIX, actions);
}

/** What looks at models found. */
export function grantSightings(data: DataStack, fn: LambdaFunction, actions: readonly ObjectAction[]): void {
  grantObjects(data, fn, 'Sightings', SIGHTINGS_PREFIX, actions);
}

/** The queue of trainings. */
export function grantTrainings(data: DataStack, fn: LambdaFunction, actions: readonly ObjectAction[]): void {
  grantObjects(data, fn, 'Trainings', TRAININGS_PREFIX, actions);
}

/** The versions that trainings of the deployment left. */
export function grantRegistry(data: DataStack, fn: LambdaFunction, actions: readonly ObjectAction[]): void {
  grantObjects(data, fn, 'Registry', MODELS_PREFIX, actions);
}

/** A folder of the bucket of training jobs. */
export function grantTrainingObjects(
  { bucket }: TrainingStack,
  fn: LambdaFunction,
  folder: 'tables' | 'output',
  actions: readonly ObjectAction[],
): void {
  grantBelow(bucket, fn, folder === 'tables' ? 'Tables' : 'Output', `${TRAINING_PREFIX}${folder}/`, actions);
}

/** Reads what a sweep is made of, and writes its results. */
export function grantSweeps(data: DataStack, fn: LambdaFunction): void {
  grantObjects(data, fn, 'Sweeps', SWEEPS_PREFIX, ['s3:GetObject', 's3:PutObject']);
}

function grantObjects(
  { lake }: DataStack,
  fn: LambdaFunction,
  id: string,
  prefix: string,
  actions: readonly ObjectAction[],
): void {
  grantBelow(lake, fn, id, prefix, actions);
}

/** By a policy of its own, so that its wildcard is acknowledged and no other is. */
function grantBelow(
  bucket: DataStack['lake'],
  fn: LambdaFunction,
  id: string,
  prefix: string,
  actions: readonly ObjectAction[],
): void {
  const policy = new Policy(fn, id, {
    statements: [
      new PolicyStatement({ actions: [...actions], resources: [bucket.arnForObjects(`${prefix}*`)] }),
      // Without it S3 answers "denied" for a key that is not there.
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${prefix}*` } },
      }),
    ],
    roles: [fn.role!],
  });
  const does = actions.map((action) => (action === 's3:GetObject' ? 'reading' : 'writing')).join(' and ');
  Validations.of(policy).acknowledge({
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${exportName(bucket)}/${prefix}*]`,
    reason: `Keys below ${prefix} are made at run time; ${does} them is what the function is for.`,
  });
}

/** The bucket's ARN as the finding names it: by the export through which another stack refers to it. */
export function exportName(bucket: DataStack['lake']): string {
  const { stack } = bucket;
  const reference = stack.resolve(stack.exportValue(bucket.bucketArn)) as string | { 'Fn::ImportValue': string };
  return typeof reference === 'string' ? reference : reference['Fn::ImportValue'];
}
