/** The bucket of an endpoint: questions and answers of an asynchronous one, and what is captured. */
import { type Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

const QUESTIONS = 'questions/';
const ANSWERS = 'answers/';
const FAILURES = 'failures/';
const CAPTURED = 'captured/';

export interface EndpointObjectsProps {
  readonly keptFor: Duration;
  readonly key: IKey | undefined;
  /** Of the endpoint. */
  readonly role: IRole;
  readonly isAsynchronous: boolean;
  readonly isCaptured: boolean;
}

/** Everything in it expires. It stays when the stack goes, since CloudFormation removes no bucket that holds anything; then it is empty and free. */
export class EndpointObjects extends Construct {
  readonly bucket: Bucket;
  /** What the keys of questions begin with. */
  readonly questionsPrefix = QUESTIONS;
  /** Addresses, as `s3://…`. */
  readonly answers: string;
  readonly failures: string;
  readonly captured: string;

  constructor(scope: Construct, id: string, props: EndpointObjectsProps) {
    super(scope, id);
    const { keptFor, key, role, isAsynchronous, isCaptured } = props;
    this.bucket = new Bucket(this, 'Bucket', {
      ...(key
        ? { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ expiration: keptFor, abortIncompleteMultipartUploadAfter: keptFor }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions::AwsSolutions-S1',
      reason:
        'The endpoint and who asks it alone reach the bucket; a log of each access would need a bucket of its own.',
    });
    this.answers = this.bucket.s3UrlForObject(ANSWERS.slice(0, -1));
    this.failures = this.bucket.s3UrlForObject(FAILURES.slice(0, -1));
    this.captured = this.bucket.s3UrlForObject(CAPTURED.slice(0, -1));
    if (isAsynchronous) {
      this.#grant(role, role, 'Questions', 's3:GetObject', QUESTIONS);
      this.#grant(role, role, 'Answers', 's3:PutObject', ANSWERS);
      this.#grant(role, role, 'Failures', 's3:PutObject', FAILURES);
    }
    if (isCaptured) this.#grant(role, role, 'Captured', 's3:PutObject', CAPTURED);
  }

  /** Writes questions, and reads answers and what is said where there is none. */
  grantExchange(fn: LambdaFunction): void {
    const role = fn.role!;
    this.#grant(fn, role, 'Questions', 's3:PutObject', QUESTIONS);
    this.#grant(fn, role, 'Answers', 's3:GetObject', ANSWERS);
    this.#grant(fn, role, 'Failures', 's3:GetObject', FAILURES);
    // Without it S3 answers "denied" where an answer is not there yet.
    const prefixes = [ANSWERS, FAILURES].map((prefix) => `${prefix}*`);
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': prefixes } },
      }),
    );
  }

  /** By a policy of its own, so that its wildcard is acknowledged and no other is. */
  #grant(scope: Construct, role: IRole, what: string, action: string, prefix: string): void {
    const policy = new Policy(scope, `${this.node.scope!.node.id}${what}`, {
      statements: [new PolicyStatement({ actions: [action], resources: [this.bucket.arnForObjects(`${prefix}*`)] })],
      roles: [role],
    });
    Validations.of(policy).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::${this.#arnFor(scope)}/${prefix}*]`,
      reason: `Keys below ${prefix} are made at run time.`,
    });
  }

  /** The bucket's ARN as a finding names it: by its logical id, or by the export through which another stack refers to it. */
  #arnFor(scope: Construct): string {
    const { stack, bucketArn, node } = this.bucket;
    if (Stack.of(scope) === stack) return `<${stack.getLogicalId(node.defaultChild as never)}.Arn>`;
    const reference = stack.resolve(stack.exportValue(bucketArn)) as string | { 'Fn::ImportValue': string };
    return typeof reference === 'string' ? reference : reference['Fn::ImportValue'];
  }
}
