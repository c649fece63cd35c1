/** What a training job may do: fetch its image, read tables and checkpoints, write checkpoints and what it leaves, its log and its metrics. */
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { TRAINING_PREFIX } from '../../adapters/aws/training-tables.ts';
import { grantUnnamed, LOG, PULL } from './container-grants.ts';

/** Of the log and of the metrics, both of SageMaker's choosing. */
const TRAINING_JOBS = '/aws/sagemaker/TrainingJobs';

export interface TrainingRoleProps {
  readonly bucket: Bucket;
  readonly images: IRepository;
}

/** After "CreateTrainingJob API: execution role permissions" of SageMaker's guide, held to one bucket, one repository and one log. */
export class TrainingRole extends Role {
  constructor(scope: Construct, id: string, { bucket, images }: TrainingRoleProps) {
    const { account } = Stack.of(scope);
    super(scope, id, {
      // No job of another account may be given this role.
      assumedBy: new ServicePrincipal('sagemaker.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
      description: 'What a training job may do',
    });
    this.addToPolicy(new PolicyStatement({ actions: PULL, resources: [images.repositoryArn] }));
    grantObjects(this, bucket);
    grantLog(this);
    grantUnnamed(this, TRAINING_JOBS);
  }
}

/** By a policy of its own, so that its wildcards are acknowledged and no others are. */
function grantObjects(role: Role, bucket: Bucket): void {
  const below = (folder: string): string => `${TRAINING_PREFIX}${folder}/*`;
  const policy = new Policy(role, 'Objects', {
    statements: [
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: ['tables', 'checkpoints'].map((folder) => bucket.arnForObjects(below(folder))),
      }),
      new PolicyStatement({
        actions: ['s3:PutObject'],
        resources: ['checkpoints', 'output'].map((folder) => bucket.arnForObjects(below(folder))),
      }),
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${TRAINING_PREFIX}*` } },
      }),
    ],
    roles: [role],
  });
  for (const folder of ['tables', 'checkpoints', 'output'])
    Validations.of(policy).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::<${logicalId(bucket)}.Arn>/${below(folder)}]`,
      reason: `Keys below ${TRAINING_PREFIX}${folder} are made at run time, from what is trained on.`,
    });
}

/** SageMaker writes every job's log into one group, a stream for each instance of each job. */
function grantLog(role: Role): void {
  const stack = Stack.of(role);
  const group = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: TRAINING_JOBS,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const policy = new Policy(role, 'Log', {
    statements: [new PolicyStatement({ actions: LOG, resources: [group, `${group}:log-stream:*`] })],
    roles: [role],
  });
  Validations.of(policy).acknowledge({
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:${TRAINING_JOBS}:log-stream:*]`,
    reason: 'The streams of the log of training jobs are named after jobs, which are not known yet.',
  });
}

const logicalId = (bucket: Bucket): string => Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket);
