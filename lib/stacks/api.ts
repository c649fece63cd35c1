/** The HTTP API: one function behind an authorizer that reads digests of tokens from a secret, the worker of its jobs, the daily reports, and looks at models where they are watched. */
import { join } from 'node:path';
import { CfnOutput, Duration, RemovalPolicy, SecretValue, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { queueVariables, settingVariable } from '../../adapters/aws/environment.ts';
import { DailyReports } from '../constructs/daily-reports.ts';
import { grantLedger, grantReports, grantSightings, grantTrainings } from '../constructs/grants.ts';
import { JobWorker } from '../constructs/job-worker.ts';
import type { ModelRetraining } from '../constructs/model-retraining.ts';
import { ModelWatch } from '../constructs/model-watch.ts';
import { PlimsollFunction } from '../constructs/node-function.ts';
import type { Deployment } from '../deployment.ts';
import type { DataStack } from './data.ts';
import { observed, secretPrefix, type TradingStack } from './trading.ts';
import type { TrainingStack } from './training.ts';

/** Far above what people and their programs ask for. Requests a second, and at once. */
const THROTTLE = { rateLimit: 50, burstLimit: 100 };
/** API Gateway itself gives up after 30 s. */
const API_TIMEOUT = Duration.seconds(29);
/** How long a token that was let in is not looked at again. */
const AUTHORIZED_FOR = Duration.seconds(60);
const IDENTITIES = 'identities';

export interface ApiStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly data: DataStack;
  readonly trading: TradingStack;
  /** Where models can be trained on SageMaker. */
  readonly training?: TrainingStack | undefined;
}

export class ApiStack extends Stack {
  readonly api: HttpApi;
  readonly jobs: JobWorker;
  readonly functions: readonly PlimsollFunction[];
  /** Where a watched model is trained anew. */
  readonly retraining: ModelRetraining | undefined;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    const identities = identitiesSecret(this, props.deployment);
    const authorizer = this.#authorizer(props, identities);
    const operations = this.#operations(props);
    this.jobs = new JobWorker(this, 'JobWorker', props);
    this.jobs.feedFrom(operations);
    const reports = new DailyReports(this, 'DailyReports', props);
    const { watch } = props.deployment;
    const looks = watch && new ModelWatch(this, 'ModelWatch', { ...props, watch });
    this.retraining = looks?.retraining;
    const watching = looks ? [looks.fn, ...(looks.retraining?.functions ?? [])] : [];
    this.functions = [operations, authorizer, this.jobs.fn, reports.fn, ...watching];
    this.api = new HttpApi(this, 'Api', {
      createDefaultStage: false,
      defaultAuthorizer: new HttpLambdaAuthorizer('Authorizer', authorizer, {
        responseTypes: [HttpLambdaResponseType.SIMPLE],
        resultsCacheTtl: AUTHORIZED_FOR,
      }),
    });
    this.api.addRoutes({
      path: '/api/{proxy+}',
      methods: [HttpMethod.ANY],
      integration: new HttpLambdaIntegration('Operations', operations),
    });
    this.#stage();
    new CfnOutput(this, 'ApiId', { value: this.api.apiId });
    new CfnOutput(this, 'ApiUrl', { value: this.api.apiEndpoint });
    new CfnOutput(this, 'IdentitiesSecret', { value: identities.secretName });
  }

  #authorizer({ deployment }: ApiStackProps, identities: Secret): PlimsollFunction {
    const fn = new PlimsollFunction(this, 'Authorize', {
      entry: 'functions/authorizer.ts',
      description: 'Says who calls the HTTP API',
      timeout: Duration.seconds(10),
      environment: {
        ...observed(deployment, 'authorize'),
        [settingVariable('secretPrefix')]: secretPrefix(deployment),
        [settingVariable('identitiesSecret')]: IDENTITIES,
      },
    });
    fn.addToRolePolicy(
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [identities.secretArn] }),
    );
    return fn;
  }

  #operations({ deployment, data, trading }: ApiStackProps): PlimsollFunction {
    const deadLetters = trading.queues.map(({ name, deadLetters: { queueUrl } }) => [
      queueVariables(name).deadLettersUrl,
      queueUrl,
    ]);
    const fn = new PlimsollFunction(this, 'Operations', {
      entry: 'functions/api.ts',
      description: 'The operations over HTTP',
      memoryMb: 1_024,
      timeout: API_TIMEOUT,
      environment: {
        ...trading.stepEnvironment('api'),
        ...Object.fromEntries(deadLetters),
        [settingVariable('lakeBucket')]: data.lake.bucketName,
      },
      modules: {
        'plimsoll-deployment': deployment.deploymentModule,
        'plimsoll-models': deployment.modelsFile,
        '@aws-sdk/checksums/flexible-checksums': join(import.meta.dirname, '../constructs/no-s3-checksums.ts'),
      },
    });
    grantLedger(data, fn);
    grantReports(data, fn, ['s3:GetObject']);
    if (deployment.watch) grantSightings(data, fn, ['s3:GetObject']);
    if (deployment.watch?.models.some(({ retraining }) => retraining)) grantTrainings(data, fn, ['s3:GetObject']);
    trading.grantSend(fn);
    return fn;
  }

  #stage(): void {
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        // No header and no query: a token could be in either.
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTime',
            ip: '$context.identity.sourceIp',
            principal: '$context.authorizer.id',
            method: '$context.httpMethod',
            path: '$context.path',
            status: '$context.status',
            latencyMs: '$context.responseLatency',
            error: '$context.error.message',
          }),
        ),
      },
    });
  }
}

/** Begins with nobody in it: whoever owns the account writes the first identity. */
function identitiesSecret(scope: Construct, deployment: Deployment): Secret {
  const secret = new Secret(scope, 'Identities', {
    secretName: `${secretPrefix(deployment)}${IDENTITIES}`,
    description: 'Who may call the HTTP API: digests of tokens, with roles and expiry',
    secretStringValue: SecretValue.unsafePlainText('{"identities":[]}'),
  });
  Validations.of(secret).acknowledge({
    id: 'AwsSolutions::AwsSolutions-SMG4',
    reason: 'It holds digests, which open nothing; each token has its own expiry, and is replaced by its owner.',
  });
  return secret;
}
