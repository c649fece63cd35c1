/** What an endpoint is made of, in each of its forms, and what is refused of it before anything is deployed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelEndpoint, type ModelEndpointProps, type ModelVariantProps } from '../../lib/constructs/model-endpoint.ts';

const IMAGE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/plimsoll-models:1';
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-endpoint-'));
const modelData = join(folder, 'model.tar.gz');

beforeAll(() => writeFileSync(modelData, 'an archive'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const instances = { instances: { type: 'ml.c7i.large', count: 1 } };
const serverless = { serverless: { memoryMb: 2_048, maxConcurrency: 2 } };
const variant = (more: Partial<ModelVariantProps> = {}): ModelVariantProps => ({
  name: 'champion',
  modelData,
  image: IMAGE,
  hosting: instances,
  ...more,
});

let made = 0;

/** An app with one endpoint, and a function that asks it, with the rules of AWS Solutions. */
function endpoint(props: Partial<ModelEndpointProps>, isAskedElsewhere = false) {
  const app = new App({ outdir: join(folder, `cdk-${++made}`) });
  const stack = new Stack(app, 'Models');
  const it = new ModelEndpoint(stack, 'Gold', { endpointName: 'harbour-gold', variants: [variant()], ...props });
  const asking = isAskedElsewhere ? new Stack(app, 'Trading') : stack;
  // A role of its own, since the policy that CDK attaches breaks the rules.
  const role = new Role(asking, 'SignalRole', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  it.grantInvoke(
    new LambdaFunction(asking, 'Signal', {
      code: Code.fromInline('exports.handler = async () => {}'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      role,
    }),
  );
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack, asking, template: Template.fromStack(stack) };
}

/** What a role may do: by action, the resources. */
function grantsOf(template: Template, role: RegExp): Record<string, string[]> {
  const grants: Record<string, string[]> = {};
  for (const [id, { Properties }] of Object.entries(template.findResources('AWS::IAM::Policy'))) {
    if (!role.test(id)) continue;
    for (const { Action, Resource } of Properties.PolicyDocument.Statement)
      for (const action of [Action].flat()) (grants[action] ??= []).push(...[Resource].flat().map(shown));
  }
  return grants;
}

function shown(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const [kind, value] = Object.entries(resource as object)[0];
  if (kind === 'Fn::Join') return value[1].map(shown).join('');
  return kind === 'Ref' ? `<${value}>` : `<${kind}>`;
}

describe('an endpoint', () => {
  it('in real time has machines, and its model is cut off from the network', () => {
    const { template } = endpoint({ variants: [variant({ environment: { OMP_NUM_THREADS: '1' } })] });
    template.hasResourceProperties('AWS::SageMaker::Model', {
      EnableNetworkIsolation: true,
      PrimaryContainer: {
        Image: IMAGE,
        Environment: { OMP_NUM_THREADS: '1' },
        ModelDataUrl: { 'Fn::Sub': Match.stringLikeRegexp('^s3://.*\\.gz$') },
      },
    });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [
        Match.objectLike({
          VariantName: 'champion',
          InstanceType: 'ml.c7i.large',
          InitialInstanceCount: 1,
          InitialVariantWeight: 1,
        }),
      ],
      DataCaptureConfig: Match.absent(),
      AsyncInferenceConfig: Match.absent(),
      ShadowProductionVariants: Match.absent(),
    });
    template.hasResourceProperties('AWS::SageMaker::Endpoint', { EndpointName: 'harbour-gold' });
    template.resourceCountIs('AWS::S3::Bucket', 0);
  });

  it('that is serverless has memory and no machine', () => {
    const hosting = { serverless: { memoryMb: 3_072, maxConcurrency: 5, provisionedConcurrency: 1 } };
    const { template } = endpoint({ variants: [variant({ hosting })] });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [
        Match.objectLike({
          ServerlessConfig: { MemorySizeInMB: 3_072, MaxConcurrency: 5, ProvisionedConcurrency: 1 },
          InstanceType: Match.absent(),
          InitialInstanceCount: Match.absent(),
        }),
      ],
    });
    template.hasResourceProperties('AWS::SageMaker::Model', { EnableNetworkIsolation: false });
  });

  it('shares questions between variants by weight', () => {
    const variants = [variant({ weight: 9 }), variant({ name: 'challenger', weight: 1 })];
    const { template } = endpoint({ variants });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [
        Match.objectLike({ VariantName: 'champion', InitialVariantWeight: 9 }),
        Match.objectLike({ VariantName: 'challenger', InitialVariantWeight: 1 }),
      ],
    });
    template.resourceCountIs('AWS::SageMaker::Model', 2);
  });

  it('has a shadow, which answers nobody', () => {
    const { template } = endpoint({ shadow: variant({ name: 'candidate' }) });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ProductionVariants: [Match.objectLike({ VariantName: 'champion' })],
      ShadowProductionVariants: [Match.objectLike({ VariantName: 'candidate', InitialInstanceCount: 1 })],
    });
  });

  it('that is asynchronous has a bucket for what is asked and answered, of which nothing stays', () => {
    const { template } = endpoint({ asynchronous: { maxInvocationsPerInstance: 4 } });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      AsyncInferenceConfig: {
        ClientConfig: { MaxConcurrentInvocationsPerInstance: 4 },
        OutputConfig: { S3OutputPath: Match.anyValue(), S3FailurePath: Match.anyValue() },
      },
    });
    template.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 7 })] },
    });
  });

  it('captures what it is told to, and encrypts with the key that it is given', () => {
    const app = new App({ outdir: join(folder, 'cdk-key') });
    const stack = new Stack(app, 'Models');
    const encryptionKey = new Key(stack, 'Key', { enableKeyRotation: true });
    new ModelEndpoint(stack, 'Gold', {
      endpointName: 'harbour-gold',
      variants: [variant()],
      dataCapture: { percentage: 20 },
      encryptionKey,
    });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    Template.fromStack(stack).hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      KmsKeyId: Match.anyValue(),
      DataCaptureConfig: Match.objectLike({
        EnableCapture: true,
        InitialSamplingPercentage: 20,
        CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
        KmsKeyId: Match.anyValue(),
      }),
    });
    expect(() => app.synth()).not.toThrow();
  });

  it('is made after its role may fetch what it starts with', () => {
    const { template } = endpoint({});
    const policies = Object.keys(template.findResources('AWS::IAM::Policy')).filter((id) => id.startsWith('GoldRole'));
    expect(policies).toHaveLength(2);
    for (const type of ['Model', 'Endpoint'])
      for (const { DependsOn } of Object.values(template.findResources(`AWS::SageMaker::${type}`)))
        expect(DependsOn).toEqual(expect.arrayContaining(policies));
  });

  it.each<[string, Partial<ModelEndpointProps>]>([
    ['in real time', {}],
    ['asynchronous', { asynchronous: { maxInvocationsPerInstance: 1 } }],
    ['captured', { dataCapture: { percentage: 100 } }],
    ['with a shadow', { shadow: variant({ name: 'candidate' }) }],
  ])('breaks no rule of AWS Solutions: %s', (_what, props) => {
    for (const isAskedElsewhere of [false, true]) {
      const { app } = endpoint(props, isAskedElsewhere);
      expect(() => app.synth()).not.toThrow();
    }
  });
});

describe('the grants', () => {
  it('let a model fetch its image and its own archive, and write its own log', () => {
    const grants = grantsOf(endpoint({}).template, /^GoldRole/);
    expect(Object.keys(grants).sort()).toEqual([
      'cloudwatch:PutMetricData',
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetAuthorizationToken',
      'ecr:GetDownloadUrlForLayer',
      'logs:CreateLogGroup',
      'logs:CreateLogStream',
      'logs:DescribeLogStreams',
      'logs:PutLogEvents',
      's3:GetObject',
    ]);
    expect(grants['ecr:BatchGetImage']).toEqual([
      'arn:<AWS::Partition>:ecr:eu-west-1:123456789012:repository/plimsoll-models',
    ]);
    expect(grants['s3:GetObject']).toEqual([expect.stringMatching(/<Fn::Sub>\/[0-9a-f]{64}\.gz$/)]);
    expect(grants['logs:PutLogEvents']).toEqual(['<Fn::GetAtt>']);
  });

  it('let a function ask that endpoint and no other, without holding it fast', () => {
    const { asking, template } = endpoint({}, true);
    expect(grantsOf(Template.fromStack(asking), /^Signal/)).toEqual({
      'sagemaker:InvokeEndpoint': [
        'arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>:endpoint/harbour-gold',
      ],
    });
    expect(template.findOutputs('*')).toEqual({});
  });

  it('let a function put questions to an asynchronous endpoint, and take answers', () => {
    const { template } = endpoint({ asynchronous: { maxInvocationsPerInstance: 1 } });
    const asking = grantsOf(template, /^Signal/);
    expect(Object.keys(asking).sort()).toEqual([
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'sagemaker:InvokeEndpointAsync',
    ]);
    expect(asking['s3:PutObject']).toEqual(['<Fn::GetAtt>/questions/*']);
    expect(asking['s3:GetObject']).toEqual(['<Fn::GetAtt>/answers/*', '<Fn::GetAtt>/failures/*']);
    const serving = grantsOf(template, /^GoldRole/);
    expect(serving['s3:PutObject']).toEqual(['<Fn::GetAtt>/answers/*', '<Fn::GetAtt>/failures/*']);
  });
});

const many = (count: number) => Array.from({ length: count }, (_, k) => variant({ name: `v${k}` }));
const hosted = (more: object, of: object = serverless.serverless) => [
  variant({ hosting: { serverless: { ...of, ...more } } as ModelVariantProps['hosting'] }),
];
const machines = (more: object) => [variant({ hosting: { instances: { ...instances.instances, ...more } } })];

describe('an endpoint that AWS would refuse is refused before', () => {
  it.each<[string, Partial<ModelEndpointProps>, RegExp]>([
    ['a name with an underscore', { endpointName: 'harbour_gold' }, /a name that SageMaker does not take/],
    ['a name of 64 letters', { endpointName: 'a'.repeat(64) }, /a name that SageMaker does not take/],
    ['no variant', { variants: [] }, /has no variant/],
    ['eleven variants', { variants: many(11) }, /has 11 variants, and SageMaker takes 10/],
    ['two variants of one name', { variants: [variant(), variant()] }, /two variants called "champion"/],
    ['a shadow of the name of a variant', { shadow: variant() }, /two variants called "champion"/],
    ['no weight at all', { variants: many(2).map((each) => ({ ...each, weight: 0 })) }, /gives no variant any weight/],
    ['a negative weight', { variants: [variant({ weight: -1 })] }, /of the weight -1/],
    ['a weight that is no number', { variants: [variant({ weight: Number.NaN })] }, /of the weight NaN/],
    ['a variant with a space in its name', { variants: [variant({ name: 'the one' })] }, /a variant called "the one"/],
    ['a model that is not there', { variants: [variant({ modelData: '/nowhere/model.tar.gz' })] }, /is not there/],
    ['a model that is no archive', { variants: [variant({ modelData: '/nowhere/model.joblib' })] }, /no \.tar\.gz/],
    [
      'serverless and instances together',
      { variants: [variant(), ...hosted({}).map((each) => ({ ...each, name: 'b' }))] },
      /serverless and has several variants/,
    ],
    [
      'two serverless variants',
      { variants: [...hosted({}), ...hosted({}).map((each) => ({ ...each, name: 'b' }))] },
      /serverless and has several/,
    ],
    [
      'a serverless one with a shadow',
      { variants: hosted({}), shadow: variant({ name: 'b' }) },
      /serverless and has a shadow/,
    ],
    ['a shadow that is serverless', { shadow: { ...hosted({})[0], name: 'b' } }, /a shadow that is serverless/],
    [
      'a serverless one that is asynchronous',
      { variants: hosted({}), asynchronous: { maxInvocationsPerInstance: 1 } },
      /serverless and asynchronous/,
    ],
    [
      'a serverless one that captures data',
      { variants: hosted({}), dataCapture: { percentage: 1 } },
      /serverless and captures data/,
    ],
    ['a shadow beside two variants', { variants: many(2), shadow: variant() }, /a shadow beside several variants/],
    [
      'a shadow of an asynchronous one',
      { asynchronous: { maxInvocationsPerInstance: 1 }, shadow: variant({ name: 'b' }) },
      /asynchronous and has a shadow/,
    ],
    [
      'an asynchronous one of two variants',
      { variants: many(2), asynchronous: { maxInvocationsPerInstance: 1 } },
      /asynchronous and has several variants/,
    ],
    ['no question at a time', { asynchronous: { maxInvocationsPerInstance: 0 } }, /gives an instance 0 questions/],
    ['1,500 MB of memory', { variants: hosted({ memoryMb: 1_500 }) }, /of 1500 MB/],
    ['7 GB of memory', { variants: hosted({ memoryMb: 7_168 }) }, /of 7168 MB/],
    ['201 questions at a time', { variants: hosted({ maxConcurrency: 201 }) }, /for 201 questions at a time/],
    ['half a question at a time', { variants: hosted({ maxConcurrency: 0.5 }) }, /for 0\.5 questions/],
    [
      'more places ready than there are',
      { variants: hosted({ provisionedConcurrency: 3 }) },
      /keeps 3 places ready of 2/,
    ],
    ['an instance type of EC2', { variants: machines({ type: 'c7i.large' }) }, /on "c7i\.large"/],
    ['no instance', { variants: machines({ count: 0 }) }, /on 0 instances/],
    ['a share of more than all that is asked', { dataCapture: { percentage: 101 } }, /captures 101 %/],
  ])('%s', (_what, props, why) => {
    expect(() => endpoint(props)).toThrow(expect.objectContaining({ code: 'MODEL_ENDPOINT_INVALID' }));
    expect(() => endpoint(props)).toThrow(why);
  });

  it.each([
    ['from elsewhere than ECR', 'docker.io/library/python:3.11'],
    ['without a tag', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/plimsoll-models'],
    ['of an account of eleven digits', '12345678901.dkr.ecr.eu-west-1.amazonaws.com/plimsoll-models:1'],
    ['that is empty', ''],
  ])('an image %s', (_what, image) => {
    expect(() => endpoint({ variants: [variant({ image })] })).toThrow(
      expect.objectContaining({ code: 'MODEL_IMAGE_INVALID' }),
    );
  });
});
