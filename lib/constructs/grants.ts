/** What functions may do with the ledger and the lake, by action and by prefix. */
import { Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { OBJECT_PREFIXES } from '../../functions/support/object-prefixes.ts';
import type { DataStack } from '../stacks/data.ts';

/** Everything that the ledger's adapter calls. Nothing is ever deleted. */
const LEDGER_ACTIONS = ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'].map(
  (name) => `dynamodb:${name}`,
);

/** Reads and writes the ledger, and the documents of it that lie in the bucket. */
export function grantLedger({ ledger, lake }: DataStack, fn: LambdaFunction): void {
  ledger.grant(fn, ...LEDGER_ACTIONS);
  grantObjects(fn, 'Documents', lake, OBJECT_PREFIXES.documents);
}

/** Reads and writes the lake. */
export function grantLake({ lake }: DataStack, fn: LambdaFunction): void {
  grantObjects(fn, 'Lake', lake, OBJECT_PREFIXES.lake);
}

/** A policy of its own, so that its wildcard is acknowledged and no other is. */
function grantObjects(fn: LambdaFunction, id: string, bucket: DataStack['lake'], prefix: string): void {
  const policy = new Policy(fn, `${id}Objects`, {
    statements: [
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [bucket.arnForObjects(`${prefix}*`)],
      }),
      // Without it S3 answers "denied" for a key that is not there.
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${prefix}*` } },
      }),
    ],
    roles: [fn.role!],
  });
  Validations.of(policy).acknowledge({
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${exportName(bucket)}/${prefix}*]`,
    reason: `Keys below ${prefix} are made at run time; reading and writing them is what the function is for.`,
  });
}

/** The bucket's ARN as the finding names it: by the export through which another stack refers to it. */
function exportName(bucket: DataStack['lake']): string {
  const { stack } = bucket;
  const reference = stack.resolve(stack.exportValue(bucket.bucketArn)) as string | { 'Fn::ImportValue': string };
  return typeof reference === 'string' ? reference : reference['Fn::ImportValue'];
}
