/** What the stacks of an instance are made of, and that nothing of it breaks the AWS Solutions rules. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { JOB_WAIT_MS } from '../../adapters/jobs/job-queue.ts';
import { QUEUE_BOUNDS, QUEUES } from '../../core/ports/queue.ts';
import { addStacks, type Stacks } from '../../lib/app.ts';
import { type Deployment, prepareDeployment } from '../../lib/deployment.ts';

/** Functions are not bundled here: what is in them is another test's. */
const WITHOUT_BUNDLES = { 'aws:cdk:bundling-stacks': [] };

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-synth-'));
let deployment: Deployment;
let app: App;
let stacks: Stacks;
let templates: Record<keyof Stacks, Template>;

beforeAll(async () => {
  // Not as in the other files: here CDK itself looks at the templates, too.
  vi.stubEnv('CDK_VALIDATION', 'true');
  deployment = await prepareDeployment(
    loadConfiguration({ file: join(import.meta.dirname, '../cloud/plimsoll.yaml'), environment: {} }).configuration,
  );
  app = newApp('kept');
  stacks = addStacks(app, deployment, { ephemeral: false });
  templates = Object.fromEntries(
    Object.entries(stacks).map(([name, stack]) => [name, Template.fromStack(stack)]),
  ) as typeof templates;
}, 120_000);

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('the data stack', () => {
  it.each([
    ['AWS::DynamoDB::GlobalTable', false, 'Retain'],
    ['AWS::S3::Bucket', false, 'Retain'],
    ['AWS::DynamoDB::GlobalTable', true, 'Delete'],
    ['AWS::S3::Bucket', true, 'Delete'],
  ])('leaves %s behind unless it is ephemeral (%s)', (type, ephemeral, policy) => {
    const { data } = ephemeral ? addStacks(newApp('gone'), deployment, { ephemeral }) : stacks;
    Template.fromStack(data).hasResource(type, { DeletionPolicy: policy, UpdateReplacePolicy: policy });
  });

  it('can restore the ledger to any second, and protects it from deletion', () => {
    templates.data.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      Replicas: [
        Match.objectLike({
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          DeletionProtectionEnabled: true,
        }),
      ],
    });
  });

  it('keeps the lake encrypted, versioned and closed to the public', () => {
    templates.data.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: Match.anyValue(),
      PublicAccessBlockConfiguration: {
        ...{ BlockPublicAcls: true, BlockPublicPolicy: true },
        ...{ IgnorePublicAcls: true, RestrictPublicBuckets: true },
      },
    });
  });
});

describe('the trading stack', () => {
  it.each(QUEUES)('gives the queue %s dead letters, order, encryption and time enough', (queue) => {
    const [[, { Properties }]] = Object.entries(
      templates.trading.findResources('AWS::SQS::Queue', { Properties: { QueueName: `harbour-${queue}.fifo` } }),
    );
    expect(Properties).toMatchObject({ FifoQueue: true, SqsManagedSseEnabled: true });
    expect(Properties.RedrivePolicy.maxReceiveCount).toBe(QUEUE_BOUNDS.maxReceives);
    expect(Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * timeoutOfConsumers());
    templates.trading.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: `harbour-${queue}-dead.fifo`,
      FifoQueue: true,
    });
  });

  it('feeds one message at a time, and lets it fail alone', () => {
    const mappings = Object.values(templates.trading.findResources('AWS::Lambda::EventSourceMapping'));
    expect(mappings).toHaveLength(2 * QUEUES.length);
    for (const { Properties } of mappings) {
      expect(Properties).toMatchObject({ BatchSize: 1, FunctionResponseTypes: ['ReportBatchItemFailures'] });
    }
  });

  it('takes the dead letters of every queue, within the time that they are hidden', () => {
    const dead = Object.entries(templates.trading.findResources('AWS::SQS::Queue')).filter(([, { Properties }]) =>
      String(Properties.QueueName).endsWith('-dead.fifo'),
    );
    const taken = Object.values(templates.trading.findResources('AWS::Lambda::EventSourceMapping')).map(
      ({ Properties }) => JSON.stringify(Properties.EventSourceArn),
    );
    const [taker] = Object.values(
      templates.trading.findResources('AWS::Lambda::Function', {
        Properties: { Description: Match.stringLikeRegexp('as gaps') },
      }),
    );
    expect(dead).toHaveLength(QUEUES.length);
    for (const [id, { Properties }] of dead) {
      expect(taken.filter((source) => source.includes(id))).toHaveLength(1);
      expect(Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * taker.Properties.Timeout);
    }
  });

  it('schedules each universe that has a clock, and keeps what could not be started', () => {
    templates.trading.resourceCountIs('AWS::Scheduler::Schedule', 1);
    templates.trading.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(0/1 * * * ? *)',
      Target: Match.objectLike({
        Input: '{"schedule":"drift","scheduledTime":"<aws.scheduler.scheduled-time>"}',
        DeadLetterConfig: Match.anyValue(),
        RetryPolicy: Match.anyValue(),
      }),
    });
  });

  it('traces every function', () => {
    templates.trading.allResourcesProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'Active' } });
    templates.api.allResourcesProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'Active' } });
  });
});

describe('the grants', () => {
  it('name what they are for: the only wildcards are traces, the delivery of logs, keys below a prefix and executions', () => {
    const allowed = /^(\*|.*\/(lake|reports\/risk|sweeps)\/\*|.*:execution:harbour-sweep(\/Batches)?:\*)$/;
    for (const { sid, actions, resources } of allowStatements()) {
      expect(
        actions.filter((action) => action.includes('*')),
        sid,
      ).toEqual([]);
      const wide = resources.filter((resource) => resource.includes('*'));
      expect(
        wide.filter((resource) => !allowed.test(resource)),
        sid,
      ).toEqual([]);
      if (wide.includes('*'))
        expect(
          actions.every((action) => /^(xray:|logs:\w+(LogDeliver|ResourcePolic|LogGroups))/.test(action)),
          sid,
        ).toBe(true);
    }
  });

  it('let ingest alone write the lake, and the daily reports alone their own; others read', () => {
    const reaching = allowStatements().filter(
      ({ sid, actions }) => actions.some((action) => action.startsWith('s3:')) && !sid.startsWith('Sweep'),
    );
    expect(reaching.length).toBeGreaterThan(0);
    for (const { sid, actions, resources } of reaching) {
      const isWriting = actions.includes('s3:PutObject');
      const isOfReports = resources.some((resource) => resource.includes('/reports/'));
      if (isOfReports) expect(sid).toMatch(isWriting ? /^DailyReports/ : /^(DailyReports|Operations)/);
      else expect(sid).toMatch(isWriting ? /^Ingest/ : /^(Ingest|JobWorkerJobs|DailyReports|OperationsReports)/);
    }
  });

  it('let a job write nothing but jobs', () => {
    const mine = allowStatements().filter(({ sid }) => sid.startsWith('JobWorkerJobs'));
    const writing = mine.filter(({ actions }) =>
      actions.some((action) => /^dynamodb:(Put|Update|Condition)/.test(action)),
    );
    expect(writing).toHaveLength(1);
    expect(writing[0].condition).toEqual({
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['stream#tests/_jobs', 'streams'] },
    });
    const sending = mine.filter(({ actions }) => actions.includes('sqs:SendMessage'));
    expect(sending).toEqual([]);
  });

  it('never let a function delete from the ledger or the lake', () => {
    const deleting = allowStatements().flatMap(({ actions }) =>
      actions.filter((action) => /^(dynamodb|s3):.*Delete/.test(action)),
    );
    expect(deleting).toEqual([]);
  });
});

describe('the API stack', () => {
  it('throttles, logs, and lets nobody in without the authorizer', () => {
    templates.api.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingBurstLimit: Match.anyValue(), ThrottlingRateLimit: Match.anyValue() },
      AccessLogSettings: Match.anyValue(),
    });
    templates.api.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'CUSTOM' });
  });

  it('hands jobs to a worker one at a time, and keeps those that were given up on', () => {
    templates.api.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'harbour-jobs.fifo',
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: JOB_WAIT_MS / 1_000,
      RedrivePolicy: Match.objectLike({ maxReceiveCount: QUEUE_BOUNDS.maxReceives }),
    });
    templates.api.hasResourceProperties('AWS::SQS::Queue', { QueueName: 'harbour-jobs-dead.fifo', FifoQueue: true });
    const [{ Properties: mapping }] = Object.values(templates.api.findResources('AWS::Lambda::EventSourceMapping'));
    expect(mapping.BatchSize).toBe(1);
  });

  it('shows no job to a second worker while the first may be at it', () => {
    const [[, { Properties: worker }]] = Object.entries(
      templates.api.findResources('AWS::Lambda::Function', {
        Properties: { Description: Match.stringLikeRegexp('^Does jobs') },
      }),
    );
    const [[, { Properties: queue }]] = Object.entries(
      templates.api.findResources('AWS::SQS::Queue', { Properties: { QueueName: 'harbour-jobs.fifo' } }),
    );
    expect(worker.Timeout).toBe(900);
    expect(queue.VisibilityTimeout).toBeGreaterThan(worker.Timeout);
  });

  it('writes no header and no query to its access log', () => {
    const [{ Properties }] = Object.values(templates.api.findResources('AWS::ApiGatewayV2::Stage'));
    expect(Properties.AccessLogSettings.Format).not.toMatch(/header|query|authorizer\.token/i);
  });
});

describe('the daily reports', () => {
  it('are asked for every hour, so that a day that ends late is made up for', () => {
    templates.api.resourceCountIs('AWS::Scheduler::Schedule', 1);
    templates.api.hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: 'cron(20 * * * ? *)' });
  });

  it('read accounts and change none', () => {
    const mine = allowStatements().filter(({ sid }) => sid.startsWith('DailyReportsRiskReports'));
    const onLedger = mine.flatMap(({ actions }) => actions).filter((action) => action.startsWith('dynamodb:'));
    expect(onLedger.sort()).toEqual(['dynamodb:GetItem', 'dynamodb:Query']);
  });
});

describe('the operations stack', () => {
  it('rings for dead letters, errors, throttles and messages that wait', () => {
    const alarms = Object.values(templates.operations.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties,
    );
    const count = (metric: string): number => alarms.filter(({ MetricName }) => MetricName === metric).length;
    const functions = 6 + 4;
    expect(count('ApproximateNumberOfMessagesVisible')).toBe(QUEUES.length + 2);
    expect(count('ApproximateAgeOfOldestMessage')).toBe(QUEUES.length);
    expect(count('NumberOfMessagesReceived')).toBe(QUEUES.length);
    expect(count('Errors')).toBe(functions);
    expect(count('Throttles')).toBe(functions);
    for (const { AlarmActions } of alarms) expect(AlarmActions).toHaveLength(1);
  });

  it('rings for looser limits that wait for approval, account by account, until it hears that none does', () => {
    const alarms = Object.values(
      templates.operations.findResources('AWS::CloudWatch::Alarm', { Properties: { MetricName: 'LimitsWaiting' } }),
    );
    expect(alarms.map(({ Properties }) => Properties.Dimensions)).toEqual(
      deployment.configuration.accounts.map(({ id }) => [
        { Name: 'account', Value: id },
        { Name: 'service', Value: 'harbour-ingest' },
      ]),
    );
    for (const { Properties } of alarms)
      expect(Properties).toMatchObject({ Namespace: 'Plimsoll', Threshold: 1, TreatMissingData: 'ignore' });
  });
});

describe('the AWS Solutions rules', () => {
  it('have nothing to say against the app', () => {
    expect(() => app.synth()).not.toThrow();
    expect(process.exitCode ?? 0).toBe(0);
  });

  it('have something to say against a grant on everything', () => {
    const careless = newApp('careless');
    const { data } = addStacks(careless, deployment, { ephemeral: false });
    new Policy(data, 'Careless', {
      statements: [new PolicyStatement({ actions: ['s3:*'], resources: ['*'] })],
      roles: [new Role(data, 'CarelessRole', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })],
    });
    expect(() => careless.synth()).toThrow(/validation/i);
  });
});

const newApp = (name: string): App => new App({ outdir: join(folder, name), context: WITHOUT_BUNDLES });

/** The longest that any function with a queue may take, in seconds. */
function timeoutOfConsumers(): number {
  const functions = templates.trading.findResources('AWS::Lambda::Function');
  const consumers = Object.values(functions).filter(({ Properties }) => / step /.test(Properties.Description));
  expect(consumers).toHaveLength(4);
  return Math.max(...consumers.map(({ Properties }) => Properties.Timeout));
}

interface Statement {
  readonly sid: string;
  readonly actions: string[];
  readonly resources: string[];
  readonly condition: unknown;
}

/** Everything that any role is allowed to do; a resource that is known at deployment alone shows as JSON. */
function allowStatements(): Statement[] {
  return Object.values(templates).flatMap((template) =>
    Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(([id, { Properties }]) =>
      Properties.PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow').map(
        ({ Action, Resource, Condition }: { Action: string | string[]; Resource: unknown; Condition?: unknown }) => ({
          sid: id,
          condition: Condition,
          actions: [Action].flat(),
          resources: [Resource].flat().map(shown),
        }),
      ),
    ),
  );
}

function shown(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const joined = (resource as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  return joined ? joined[1].map(shown).join(joined[0]) : 'known-at-deployment';
}
