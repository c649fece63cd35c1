/** What the stack of sweeps is made of. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { SWEEP_BOUNDS, SWEEP_FUNCTION } from '../../functions/support/sweep/bounds.ts';
import { SWEEPS_KEPT_DAYS, SWEEPS_PREFIX } from '../../functions/support/sweep/sweeps-prefix.ts';
import { addStacks } from '../../lib/app.ts';
import { prepareDeployment } from '../../lib/deployment.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-sweep-synth-'));
let research: Template;
let data: Template;

beforeAll(async () => {
  const { configuration } = loadConfiguration({
    file: join(import.meta.dirname, '../cloud/plimsoll.yaml'),
    environment: {},
  });
  const app = new App({ outdir: folder, context: { 'aws:cdk:bundling-stacks': [] } });
  const stacks = addStacks(app, await prepareDeployment(configuration), { ephemeral: false });
  research = Template.fromStack(stacks.research);
  data = Template.fromStack(stacks.data);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const only = (template: Template, type: string): Record<string, never> => {
  const found = Object.values(template.findResources(type));
  expect(found).toHaveLength(1);
  return found[0].Properties;
};

/** What is known at deployment alone shows as `…`. */
const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const joined = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  return joined ? joined[1].map(text).join(joined[0]) : '…';
};

const map = () => JSON.parse(text(only(research, 'AWS::StepFunctions::StateMachine').DefinitionString)).States.Batches;

it('reads the items of a sweep from S3, and hands them over in batches of a bounded size', () => {
  expect(map()).toMatchObject({
    Type: 'Map',
    ItemReader: {
      Resource: expect.stringMatching(/:states:::s3:getObject$/),
      ReaderConfig: { InputType: 'JSONL' },
      Parameters: { Bucket: '…', 'Key.$': '$.items' },
    },
    ItemBatcher: {
      MaxItemsPerBatchPath: '$.itemsPerBatch',
      MaxInputBytesPerBatch: SWEEP_BOUNDS.batchBytes,
      BatchInput: { 'sweep.$': '$.sweep' },
    },
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
  });
});

it('writes what became of the batches to S3, where it may be larger than what an execution gives back', () => {
  expect(map().ResultWriter).toEqual({
    Resource: expect.stringMatching(/:states:::s3:putObject$/),
    Parameters: { Bucket: '…', 'Prefix.$': '$.runs' },
  });
});

it('runs as many functions at a time as it is told, gives up where more than a few batches fail, and ends', () => {
  const { concurrency, mostConcurrency, toleratedFailures, hours } = SWEEP_BOUNDS;
  expect(map()).toMatchObject({ MaxConcurrencyPath: '$.concurrency', ToleratedFailurePercentage: toleratedFailures });
  expect(concurrency).toBeLessThanOrEqual(mostConcurrency);
  expect(mostConcurrency).toBeLessThanOrEqual(500);
  expect(JSON.parse(text(only(research, 'AWS::StepFunctions::StateMachine').DefinitionString)).TimeoutSeconds).toBe(
    hours * 3_600,
  );
});

it('tries again what a machine or a limit kept from running, each time later; and at once what had no time left', () => {
  const { Retry } = map().ItemProcessor.States.Run;
  const of = (name: string) => Retry.find(({ ErrorEquals }: { ErrorEquals: string[] }) => ErrorEquals.includes(name));
  for (const name of [
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.Unknown',
    'AWS_UNAVAILABLE',
  ])
    expect(of(name), name).toMatchObject({ BackoffRate: 2, JitterStrategy: 'FULL', MaxDelaySeconds: 60 });
  expect(of('SWEEP_UNFINISHED')).toMatchObject({ BackoffRate: 1, IntervalSeconds: 1 });
  for (const name of ['States.ALL', 'SWEEP_CODE_DIFFERS', 'SWEEP_OBJECT_MISSING', 'STRATEGY_UNKNOWN'])
    expect(of(name), name).toBeUndefined();
});

it('gives the function a whole CPU and the longest time, and takes no concurrency from trading for good', () => {
  const { MemorySize, Timeout, ReservedConcurrentExecutions, TracingConfig } = only(research, 'AWS::Lambda::Function');
  expect({ MemorySize, Timeout }).toEqual({
    MemorySize: SWEEP_FUNCTION.memoryMb,
    Timeout: SWEEP_FUNCTION.timeoutMs / 1_000,
  });
  expect(ReservedConcurrentExecutions).toBeUndefined();
  expect(TracingConfig).toEqual({ Mode: 'Active' });
});

it('costs nothing while nothing runs', () => {
  const types = new Set(
    Object.values(research.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type),
  );
  expect([...types].sort()).toEqual([
    'AWS::IAM::ManagedPolicy',
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
    'AWS::Lambda::Function',
    'AWS::Logs::LogGroup',
    'AWS::StepFunctions::StateMachine',
  ]);
});

it('traces and logs executions, without what is in them', () => {
  expect(only(research, 'AWS::StepFunctions::StateMachine')).toMatchObject({
    TracingConfiguration: { Enabled: true },
    LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
  });
});

it('is made after its role may do what it does', () => {
  const [machine] = Object.values(research.findResources('AWS::StepFunctions::StateMachine'));
  const policies = Object.keys(research.findResources('AWS::IAM::Policy')).filter((id) =>
    id.startsWith('SweepMachine'),
  );
  expect(policies).toHaveLength(2);
  for (const policy of policies) expect(machine.DependsOn).toContain(policy);
});

it('lets machine, function and users reach the objects of sweeps alone, and nobody the ledger', () => {
  const policies = [
    ...Object.values(research.findResources('AWS::IAM::Policy')),
    ...Object.values(research.findResources('AWS::IAM::ManagedPolicy')),
  ];
  const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  const actionsOf = ({ Action }: { Action: string | string[] }): string[] => [Action].flat();
  const objects = statements.filter((each) => actionsOf(each).some((action) => /^s3:.*Object|Multipart/.test(action)));
  expect(objects).toHaveLength(3);
  for (const { Resource } of objects) expect(text(Resource)).toBe(`…/${SWEEPS_PREFIX}*`);
  const lists = statements.filter((each) => actionsOf(each).includes('s3:ListBucket'));
  for (const { Condition } of lists) expect(Condition).toEqual({ StringLike: { 's3:prefix': `${SWEEPS_PREFIX}*` } });
  expect(statements.flatMap(actionsOf).filter((action) => /dynamodb|sqs|secrets|\*/.test(action))).toEqual([]);
});

it('lets users start, follow, stop and redrive sweeps of this instance', () => {
  const { PolicyDocument } = only(research, 'AWS::IAM::ManagedPolicy') as unknown as {
    PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] };
  };
  const allowed = PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
    [Action].flat().map((action) => [action, text(Resource)]),
  );
  expect(Object.fromEntries(allowed.filter(([action]) => action.startsWith('states:')))).toEqual({
    'states:StartExecution': '…',
    'states:ListExecutions': '…',
    'states:DescribeExecution': 'arn:…:states:…:…:execution:harbour-sweep:*',
    'states:ListMapRuns': 'arn:…:states:…:…:execution:harbour-sweep:*',
    'states:StopExecution': 'arn:…:states:…:…:execution:harbour-sweep:*',
    'states:RedriveExecution': 'arn:…:states:…:…:execution:harbour-sweep:*',
    'states:DescribeMapRun': 'arn:…:states:…:…:mapRun:harbour-sweep/*:*',
  });
});

it('keeps what a sweep wrote for a month', () => {
  const { LifecycleConfiguration } = only(data, 'AWS::S3::Bucket') as unknown as {
    LifecycleConfiguration: { Rules: object[] };
  };
  expect(LifecycleConfiguration.Rules).toContainEqual({
    Prefix: SWEEPS_PREFIX,
    ExpirationInDays: SWEEPS_KEPT_DAYS,
    Status: 'Enabled',
  });
});
