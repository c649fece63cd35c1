/** The trading cycle: schedule → ingest → reconcile → signal → risk → execute, with a queue before each step. */
import { CfnOutput, Duration, SecretValue, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { queueVariables, settingVariable } from '../../adapters/aws/environment.ts';
import { QUEUES, type QueueName } from '../../core/ports/queue.ts';
import { MISSED_EVENTS_VARIABLE } from '../../functions/support/missed-events.ts';
import { grantLake, grantLedger } from '../constructs/grants.ts';
import { PlimsollFunction } from '../constructs/node-function.ts';
import { OnnxLayer } from '../constructs/onnx-layer.ts';
import { StepQueue } from '../constructs/step-queue.ts';
import type { Deployment, VenueSecret } from '../deployment.ts';
import { ingestTimeoutMs, scheduleExpression } from '../schedule.ts';
import type { DataStack } from './data.ts';
import type { ModelsStack } from './models.ts';

/** The function behind each queue. */
const HANDLERS: Readonly<Record<QueueName, 'reconcile' | 'signal' | 'risk' | 'execute'>> = {
  reconcile: 'reconcile',
  signal: 'signal',
  risk: 'risk',
  execute: 'execute',
  urgent: 'execute',
};

/** A step does one cycle of one account; the strategies' own deadline lies within. */
const STEP_OVERHEAD = Duration.seconds(30);
/** Questions to a venue that may all run into its time-out within one step of a live account. */
const SLOW_QUESTIONS = 8;
/** The steps that trade at the venues of live accounts. */
const TRADING = ['reconcile', 'execute'];
/** The steps that ask models. */
const ASKING = ['signal'];
/** A share of a CPU that loads a function within a few tenths of a second. */
const MEMORY_MB = 1_024;
/** A cycle that could not be started for so long is made up for by the next. */
const SCHEDULE_RETRIES = { retryAttempts: 5, maxEventAge: Duration.minutes(10) };

export interface TradingStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly data: DataStack;
  /** Where a model has an endpoint. */
  readonly models: ModelsStack | undefined;
}

export class TradingStack extends Stack {
  readonly queues: readonly StepQueue[];
  readonly ingest: PlimsollFunction;
  readonly functions: readonly PlimsollFunction[];
  /** Events that ingest or the schedule gave up on, and dead letters that name no cycle of an account. */
  readonly missedEvents: Queue;
  readonly #keys: readonly VenueKeys[];
  readonly #deployment: Deployment;
  readonly #data: DataStack;
  readonly #models: ModelsStack | undefined;

  constructor(scope: Construct, id: string, { deployment, data, models, ...props }: TradingStackProps) {
    super(scope, id, props);
    this.#deployment = deployment;
    this.#data = data;
    this.#models = models;
    // A step finds the endpoints that it is told of.
    if (models) this.addStackDependency(models);
    const { configuration } = deployment;
    const slowMs = Math.max(0, ...deployment.liveVenues.map(({ timeoutMs }) => timeoutMs)) * SLOW_QUESTIONS;
    const timeout = Duration.seconds(
      STEP_OVERHEAD.toSeconds() + Math.ceil((configuration.strategyTimeoutMs + slowMs) / 1_000),
    );
    this.#keys = deployment.secrets.map((each) => ({ ...each, secret: keysSecret(this, deployment, each) }));
    this.queues = QUEUES.map(
      (queue) =>
        new StepQueue(this, `${pascal(queue)}Messages`, {
          instance: configuration.instance.name,
          queue,
          handledWithin: timeout,
        }),
    );
    this.missedEvents = this.#missedEvents();
    this.ingest = this.#ingest();
    this.functions = [this.ingest, ...this.#steps(timeout), this.#gaps(timeout)];
    this.#schedules();
    new CfnOutput(this, 'IngestFunction', { value: this.ingest.functionName });
    new CfnOutput(this, 'MissedEventsUrl', { value: this.missedEvents.queueUrl });
    for (const { name, queue, deadLetters } of this.queues) {
      new CfnOutput(this, `${pascal(name)}QueueUrl`, { value: queue.queueUrl });
      new CfnOutput(this, `${pascal(name)}DeadLettersUrl`, { value: deadLetters.queueUrl });
    }
  }

  /** What every function that runs a step is told. */
  stepEnvironment(service: string): Record<string, string> {
    const urls = this.queues.map(({ name, queue }) => [queueVariables(name).url, queue.queueUrl]);
    return {
      ...observed(this.#deployment, service),
      [settingVariable('ledgerTable')]: this.#data.ledger.tableName,
      ...Object.fromEntries(urls),
    };
  }

  /** Any step may find that another one is next, and sends it on. */
  grantSend(fn: PlimsollFunction): void {
    for (const { queue } of this.queues) queue.grantSendMessages(fn);
  }

  #ingest(): PlimsollFunction {
    const { configuration, deploymentModule, exchangesModule } = this.#deployment;
    const fn = new PlimsollFunction(this, 'Ingest', {
      entry: 'functions/ingest.ts',
      description: 'Takes in closed bars and opens cycles',
      memoryMb: MEMORY_MB,
      timeout: Duration.millis(ingestTimeoutMs(configuration)),
      environment: {
        ...this.stepEnvironment('ingest'),
        ...this.#keysEnvironment('givesBars'),
        [settingVariable('lakeBucket')]: this.#data.lake.bucketName,
      },
      modules: { 'plimsoll-deployment': deploymentModule, 'plimsoll-exchanges': exchangesModule },
      deadLetterQueue: this.missedEvents,
      retryAttempts: 2,
    });
    grantLedger(this.#data, fn);
    grantLake(this.#data, fn);
    this.grantSend(fn);
    this.#grantKeys(fn, 'givesBars');
    return fn;
  }

  #steps(timeout: Duration): PlimsollFunction[] {
    const layers = this.#deployment.needsOnnx ? [new OnnxLayer(this, 'OnnxRuntime')] : [];
    const names = [...new Set(Object.values(HANDLERS))];
    return names.map((name) => {
      const fn = new PlimsollFunction(this, pascal(name), {
        entry: `functions/${name}.ts`,
        description: `The ${name} step of the trading cycle`,
        memoryMb: MEMORY_MB,
        timeout,
        environment: {
          ...this.stepEnvironment(name),
          ...(TRADING.includes(name) ? this.#keysEnvironment('isTraded') : {}),
          ...(ASKING.includes(name) ? this.#models?.variables : {}),
        },
        modules: {
          'plimsoll-deployment': this.#deployment.deploymentModule,
          ...(TRADING.includes(name) ? { 'plimsoll-execution': this.#deployment.executionModule } : {}),
        },
        layers: ASKING.includes(name) ? layers : [],
      });
      grantLedger(this.#data, fn);
      this.grantSend(fn);
      if (TRADING.includes(name)) this.#grantKeys(fn, 'isTraded');
      if (ASKING.includes(name)) this.#models?.grantInvoke(fn);
      for (const { queue } of this.queues.filter((each) => HANDLERS[each.name] === name)) {
        fn.addEventSource(new SqsEventSource(queue, { batchSize: 1, reportBatchItemFailures: true }));
      }
      return fn;
    });
  }

  #keysEnvironment(use: KeysUse): Record<string, string> {
    const isUsed = this.#keys.some((keys) => keys[use]);
    return isUsed ? { [settingVariable('secretPrefix')]: secretPrefix(this.#deployment) } : {};
  }

  /** Reads the keys of venues that have this use, and no other secret. */
  #grantKeys(fn: PlimsollFunction, use: KeysUse): void {
    const resources = this.#keys.filter((keys) => keys[use]).map(({ secret }) => secret.secretArn);
    if (resources.length === 0) return;
    fn.addToRolePolicy(new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources }));
  }

  /** Takes the dead letters of every step, so that an account goes on after a cycle that always fails. */
  #gaps(timeout: Duration): PlimsollFunction {
    const fn = new PlimsollFunction(this, 'DeadLetters', {
      entry: 'functions/dead-letters.ts',
      description: 'Records cycles that failed as gaps, and lets their accounts go on',
      memoryMb: MEMORY_MB,
      timeout,
      environment: {
        ...this.stepEnvironment('dead-letters'),
        [MISSED_EVENTS_VARIABLE]: this.missedEvents.queueUrl,
      },
      modules: { 'plimsoll-deployment': this.#deployment.deploymentModule },
    });
    grantLedger(this.#data, fn);
    this.grantSend(fn);
    this.missedEvents.grantSendMessages(fn);
    for (const { deadLetters } of this.queues) {
      fn.addEventSource(new SqsEventSource(deadLetters, { batchSize: 1, reportBatchItemFailures: true }));
    }
    return fn;
  }

  /** One schedule for each universe that is traded; recorded bars have no clock, and are taken in by hand. */
  #schedules(): void {
    const { accounts, universes, venues } = this.#deployment.configuration;
    const role = this.#schedulerRole();
    for (const name of new Set(accounts.map(({ universe }) => universe))) {
      const { venue, timeframe } = universes[name];
      if (venues[venue].kind === 'replay') continue;
      const target = new LambdaInvoke(this.ingest, {
        input: ScheduleTargetInput.fromObject({ schedule: name, scheduledTime: ContextAttribute.scheduledTime }),
        deadLetterQueue: this.missedEvents,
        role,
        ...SCHEDULE_RETRIES,
      });
      new Schedule(this, `Schedule${pascal(name)}`, {
        schedule: ScheduleExpression.expression(scheduleExpression(timeframe)),
        description: `Closes of ${timeframe} bars of the universe ${name}`,
        target,
      });
    }
  }

  /** Calls ingest and nothing else; CDK's own grant would cover every version and alias of the function too. */
  #schedulerRole(): IRole {
    const role = new Role(this, 'SchedulerRole', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [this.ingest.functionArn] }));
    this.missedEvents.grantSendMessages(role);
    return role.withoutPolicyUpdates();
  }

  #missedEvents(): Queue {
    const queue = new Queue(this, 'MissedEvents', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue.',
    });
    return queue;
  }
}

/** What the names of an instance's secrets begin with. */
export const secretPrefix = ({ configuration }: Deployment): string => `plimsoll/${configuration.instance.name}/`;

/** Begins without keys, under which nothing is sent: whoever owns the account at the venue writes them. */
function keysSecret(scope: Construct, deployment: Deployment, { credentials, isTraded }: VenueSecret): Secret {
  const id = `Keys${pascal(credentials.replace(/[^A-Za-z0-9]+/g, '-'))}`;
  const secret = new Secret(scope, id, {
    secretName: `${secretPrefix(deployment)}${credentials}`,
    description: `Keys of an account at a venue, ${isTraded ? 'that live accounts trade in' : 'for its bars'}`,
    secretStringValue: SecretValue.unsafePlainText('{}'),
  });
  Validations.of(secret).acknowledge({
    id: 'AwsSolutions::AwsSolutions-SMG4',
    reason: 'The keys are made at the venue, by a person; AWS cannot make new ones.',
  });
  new CfnOutput(scope, `${id}Secret`, { value: secret.secretName });
  return secret;
}

type KeysUse = 'isTraded' | 'givesBars';
interface VenueKeys extends VenueSecret {
  readonly secret: Secret;
}

/** What Powertools reads. */
export const observed = ({ configuration }: Deployment, service: string): Record<string, string> => ({
  POWERTOOLS_SERVICE_NAME: `${configuration.instance.name}-${service}`,
  POWERTOOLS_METRICS_NAMESPACE: 'Plimsoll',
  POWERTOOLS_LOG_LEVEL: 'INFO',
});

export const pascal = (name: string): string =>
  name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
