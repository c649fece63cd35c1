/** What functions may do with the ledger and the lake, by action and by prefix. */
import { Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LAKE_PREFIX } from '../../functions/support/lake-prefix.ts';
import type { DataStack } from '../stacks/data.ts';

/** Everything that the ledger's adapter calls. Nothing is ever deleted. */
const LEDGER_ACTIONS = ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'].map(
  (name) => `dynamodb:${name}`,
);

/** Reads and writes the ledger. */
export function grantLedger({ ledger }: DataStack, fn: LambdaFunction): void {
  ledger.grant(fn, ...LEDGER_ACTIONS);
}

/** Reads and writes the lake; by a policy of its own, so that its wildcard is acknowledged and no other is. */
export function grantLake({ lake }: DataStack, fn: LambdaFunction): void {
  const policy = new Policy(fn, 'LakeObjects', {
    statements: [
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [lake.arnForObjects(`${LAKE_PREFIX}*`)],
      }),
      // Without it S3 answers "denied" for a key that is not there.
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [lake.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${LAKE_PREFIX}*` } },
      }),
    ],
    roles: [fn.role!],
  });
  Validations.of(policy).acknowledge({
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${exportName(lake)}/${LAKE_PREFIX}*]`,
    reason: `Keys below ${LAKE_PREFIX} are made at run time; reading and writing them is what the function is for.`,
  });
}

/** The bucket's ARN as the finding names it: by the export through which another stack refers to it. */
function exportName(bucket: DataStack['lake']): string {
  const { stack } = bucket;
  const reference = stack.resolve(stack.exportValue(bucket.bucketArn)) as string | { 'Fn::ImportValue': string };
  return typeof reference === 'string' ? reference : reference['Fn::ImportValue'];
}
