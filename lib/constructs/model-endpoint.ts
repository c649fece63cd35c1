import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import { EndpointObjects } from './model-endpoint-objects.ts';
import { endpointRole } from './model-endpoint-role.ts';
import { assertEndpoint, isServerless } from './model-endpoint-rules.ts';

/** Machines that stay up. They cost by the hour and the machine, asked or not; an answer takes milliseconds. */
export interface OnInstances {
  /** Such as `ml.c7i.large`. A price, by region, is on SageMaker's page of prices: none is written here, since they change. */
  readonly type: string;
  /** Machines, 1 or more. Two, in two zones, survive the loss of one. */
  readonly count: number;
}

/** Nothing stays up: it costs by the millisecond of work and the MB. The first answer after a pause waits for a cold start of seconds. */
export interface Serverless {
  /** MB: 1,024 to 6,144 in steps of 1,024. The share of a CPU grows with it. */
  readonly memoryMb: number;
  /** Questions at a time, 1 to 200; more are throttled. They count against a quota of the account and the region. */
  readonly maxConcurrency: number;
  /**
   * Places that are kept ready, so that there is no cold start. They cost by the hour again.
   * @default none
   */
  readonly provisionedConcurrency?: number;
}

export type Hosting = { readonly instances: OnInstances } | { readonly serverless: Serverless };

/** One version of a model on something that runs it. */
export interface ModelVariantProps {
  /** Unique within the endpoint; who asks may name it, and is answered by no other. */
  readonly name: string;
  /** Path of the version's `model.tar.gz` on this machine, as adapters/models/model-archive.ts packs it. */
  readonly modelData: string;
  /** In ECR, as `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG`: the one of models/Dockerfile. */
  readonly image: string;
  /**
   * Variables of the container. They are shown to whoever may describe the model: no secrets.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  readonly hosting: Hosting;
  /**
   * Its share of the questions that name no variant is this over the sum of all. A shadow's is over that of the variant that it shadows.
   * @default 1
   */
  readonly weight?: number;
}

export interface ModelEndpointProps {
  /**
   * 1 to 63 small letters, digits and dashes. SageMaker cannot make a serverless endpoint of one with instances: give it another name then, and CloudFormation
   * makes the new one before it removes the old.
   */
  readonly endpointName: string;
  /** What answers: 1 to 10 with instances, or one that is serverless. */
  readonly variants: readonly ModelVariantProps[];
  /**
   * Is sent what the one variant is sent, and what it says is thrown away. It costs as much as a variant does.
   * @default none
   */
  readonly shadow?: ModelVariantProps;
  /**
   * Questions go through a bucket and may take up to an hour; the endpoint takes no others. For one variant with instances.
   * @default asked in real time
   */
  readonly asynchronous?: {
    /** Questions that one machine is given at a time, 1 to 1,000. */
    readonly maxInvocationsPerInstance: number;
  };
  /**
   * Keeps questions and answers in a bucket. Not where it is serverless.
   * @default nothing is kept: the ledger has what was asked and answered in each cycle
   */
  readonly dataCapture?: {
    /** Of the questions, 1 to 100. */
    readonly percentage: number;
  };
  /**
   * How long what lies in the endpoint's bucket stays there.
   * @default 7 days
   */
  readonly objectsKeptFor?: Duration;
  /**
   * Of the volumes of the machines and of the bucket. AWS refuses it for machines with storage of their own (such as `ml.m5d`, `ml.g5`), which is encrypted
   * anyway.
   * @default keys that AWS owns
   */
  readonly encryptionKey?: IKey;
  /** @default one month */
  readonly logRetention?: RetentionDays;
}

/**
 * A SageMaker endpoint for versions of models that need their library. Its role may fetch those images and those models, and write its own log and metrics; the
 * containers reach no network, but for serverless ones, where AWS cannot isolate them. Tag it with `Tags.of(endpoint)`.
 *
 * Throws `MODEL_ENDPOINT_INVALID` for what AWS would refuse, and `MODEL_IMAGE_INVALID`.
 */
export class ModelEndpoint extends Construct {
  readonly endpointName: string;
  /** Names of what answers; a shadow does not. */
  readonly variants: readonly string[];
  readonly role: Role;
  /** What an asynchronous endpoint, or one that captures data, exchanges with the world. */
  readonly objects: EndpointObjects | undefined;
  readonly #props: ModelEndpointProps;

  constructor(scope: Construct, id: string, props: ModelEndpointProps) {
    super(scope, id);
    assertEndpoint(props);
    this.#props = props;
    this.endpointName = props.endpointName;
    this.variants = props.variants.map(({ name }) => name);
    const served = [...props.variants, ...(props.shadow ? [props.shadow] : [])];
    const archives = served.map(({ name, modelData }) => new Asset(this, `Archive-${name}`, { path: modelData }));
    const log = new LogGroup(this, 'Log', {
      logGroupName: `/aws/sagemaker/Endpoints/${props.endpointName}`,
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = endpointRole(this, { images: served.map(({ image }) => image), models: archives, log });
    const { asynchronous, dataCapture, encryptionKey: key } = props;
    if (asynchronous || dataCapture)
      this.objects = new EndpointObjects(this, 'Objects', {
        keptFor: props.objectsKeptFor ?? Duration.days(7),
        key,
        role: this.role,
        isAsynchronous: asynchronous !== undefined,
        isCaptured: dataCapture !== undefined,
      });
    if (key) key.grant(this.role, 'kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey');
    const models = served.map((variant, k) => this.#model(variant, archives[k]));
    const variants = served.map((variant, k) => variantProperty(variant, models[k]));
    const configuration = new CfnEndpointConfig(this, 'Configuration', {
      productionVariants: variants.slice(0, props.variants.length),
      ...(props.shadow && { shadowProductionVariants: variants.slice(-1) }),
      ...(asynchronous && { asyncInferenceConfig: this.#asynchronously(asynchronous.maxInvocationsPerInstance) }),
      ...(dataCapture && { dataCaptureConfig: this.#capturing(dataCapture.percentage) }),
      ...(key && { kmsKeyId: key.keyArn }),
    });
    const endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName: props.endpointName,
      endpointConfigName: configuration.attrEndpointConfigName,
    });
    // It fetches and writes as it starts.
    endpoint.node.addDependency(this.role, log);
  }

  /**
   * Lets a function ask this endpoint and no other. The ARN is made of the name, so that a function of another stack does not hold the endpoint fast
   * where it is to be replaced.
   */
  grantInvoke(fn: LambdaFunction): void {
    const { asynchronous, encryptionKey } = this.#props;
    const resource = Stack.of(this).formatArn({
      service: 'sagemaker',
      resource: 'endpoint',
      resourceName: this.endpointName,
    });
    const action = asynchronous ? 'sagemaker:InvokeEndpointAsync' : 'sagemaker:InvokeEndpoint';
    fn.addToRolePolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
    if (!asynchronous) return;
    this.objects!.grantExchange(fn);
    encryptionKey?.grant(fn, 'kms:Decrypt', 'kms:GenerateDataKey');
  }

  /** Questions that a variant failed to answer, for an alarm. */
  metricServerErrors(variant: string, options: MetricOptions = {}): Metric {
    return new Metric({
      namespace: 'AWS/SageMaker',
      metricName: 'Invocation5XXErrors',
      statistic: 'Sum',
      dimensionsMap: { EndpointName: this.endpointName, VariantName: variant },
      ...options,
    });
  }

  #model(variant: ModelVariantProps, archive: Asset): CfnModel {
    const model = new CfnModel(this, `Model-${variant.name}`, {
      executionRoleArn: this.role.roleArn,
      enableNetworkIsolation: !isServerless(variant),
      primaryContainer: {
        image: variant.image,
        modelDataUrl: archive.s3ObjectUrl,
        ...(variant.environment && { environment: variant.environment }),
      },
    });
    // SageMaker looks at once whether the role may read them.
    model.node.addDependency(this.role);
    return model;
  }

  #asynchronously(maxConcurrentInvocationsPerInstance: number): CfnEndpointConfig.AsyncInferenceConfigProperty {
    const { answers, failures } = this.objects!;
    return {
      clientConfig: { maxConcurrentInvocationsPerInstance },
      outputConfig: { s3OutputPath: answers, s3FailurePath: failures, ...this.#withKey() },
    };
  }

  #capturing(initialSamplingPercentage: number): CfnEndpointConfig.DataCaptureConfigProperty {
    return {
      enableCapture: true,
      initialSamplingPercentage,
      destinationS3Uri: this.objects!.captured,
      captureOptions: [{ captureMode: 'Input' }, { captureMode: 'Output' }],
      captureContentTypeHeader: { jsonContentTypes: ['application/json'] },
      ...this.#withKey(),
    };
  }

  #withKey(): { readonly kmsKeyId?: string } {
    const { encryptionKey } = this.#props;
    return encryptionKey ? { kmsKeyId: encryptionKey.keyArn } : {};
  }
}

function variantProperty(
  { name, weight = 1, hosting }: ModelVariantProps,
  model: CfnModel,
): CfnEndpointConfig.ProductionVariantProperty {
  const named = { variantName: name, modelName: model.attrModelName, initialVariantWeight: weight };
  if ('instances' in hosting) {
    const { type: instanceType, count: initialInstanceCount } = hosting.instances;
    return { ...named, instanceType, initialInstanceCount };
  }
  const { memoryMb: memorySizeInMb, maxConcurrency, provisionedConcurrency } = hosting.serverless;
  return { ...named, serverlessConfig: { memorySizeInMb, maxConcurrency, provisionedConcurrency } };
}
