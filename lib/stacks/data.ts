/** What must outlive everything else: the ledger's table and the lake's bucket. */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { PARTITION_KEY, SORT_KEY } from '../../adapters/aws/ledger-items.ts';
import { SWEEPS_KEPT_DAYS, SWEEPS_PREFIX } from '../../functions/support/sweep/sweeps-prefix.ts';

export interface DataStackProps extends StackProps {
  /** Whether table and bucket go with the stack, for tests. Otherwise `cdk destroy` leaves both. */
  readonly ephemeral: boolean;
}

export class DataStack extends Stack {
  readonly ledger: TableV2;
  readonly lake: Bucket;

  constructor(scope: Construct, id: string, { ephemeral, ...props }: DataStackProps) {
    super(scope, id, props);
    const removalPolicy = ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    this.ledger = new TableV2(this, 'Ledger', {
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: !ephemeral,
      removalPolicy,
    });
    this.lake = new Bucket(this, 'Lake', {
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // Nothing in the lake is ever written over, so an older version is there by mistake alone.
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(7), noncurrentVersionExpiration: Duration.days(90) },
        // Read by whoever started the sweep; a sweep that is taken up later runs again what is gone.
        { prefix: SWEEPS_PREFIX, expiration: Duration.days(SWEEPS_KEPT_DAYS) },
      ],
      removalPolicy,
    });
    Validations.of(this.lake).acknowledge({
      id: 'AwsSolutions::AwsSolutions-S1',
      reason: 'Functions of this instance alone reach the bucket; a log of each read would need a bucket of its own.',
    });
    new CfnOutput(this, 'LedgerTable', { value: this.ledger.tableName });
    new CfnOutput(this, 'LakeBucket', { value: this.lake.bucketName });
  }
}
