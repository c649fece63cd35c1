/**
 * What training on SageMaker needs: a bucket, a repository of images and the role that jobs have. Added with `-c training=true`; it holds
 * nothing that trades, and nothing of it costs while nothing is trained but what lies in it.
 */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Repository, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { TRAINING_PREFIX } from '../../adapters/aws/training-tables.ts';
import { TrainingRole } from '../constructs/training-role.ts';

export interface TrainingStackProps extends StackProps {
  /** Of the instance. */
  readonly name: string;
  /** Whether bucket and images go with the stack, for tests. Otherwise `cdk destroy` leaves both. */
  readonly ephemeral: boolean;
}

/** Checkpoints are of use while a job may go on after them. */
const CHECKPOINTS_KEPT = Duration.days(30);
const IMAGES_KEPT = 10;

export class TrainingStack extends Stack {
  readonly bucket: Bucket;
  readonly images: Repository;
  readonly role: TrainingRole;

  constructor(scope: Construct, id: string, { name, ephemeral, ...props }: TrainingStackProps) {
    super(scope, id, props);
    const removalPolicy = ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    this.bucket = new Bucket(this, 'Models', {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(7) },
        { prefix: `${TRAINING_PREFIX}checkpoints/`, expiration: CHECKPOINTS_KEPT },
      ],
      removalPolicy,
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions::AwsSolutions-S1',
      reason:
        'Training jobs and who starts them alone reach the bucket; a log of each read would need a bucket of its own.',
    });
    this.images = new Repository(this, 'Images', {
      repositoryName: `${name}-models`,
      imageScanOnPush: true,
      // A job is named by its image, so that a tag always has to mean the same.
      imageTagMutability: TagMutability.IMMUTABLE,
      lifecycleRules: [{ maxImageCount: IMAGES_KEPT }],
      removalPolicy,
    });
    this.role = new TrainingRole(this, 'Job', { bucket: this.bucket, images: this.images });
    new CfnOutput(this, 'TrainingRole', { value: this.role.roleArn });
    new CfnOutput(this, 'TrainingBucket', { value: this.bucket.bucketName });
    new CfnOutput(this, 'TrainingImages', { value: this.images.repositoryUri });
  }
}
