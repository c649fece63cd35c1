/** What tells a person that something is wrong: alarms on one topic, and a dashboard. */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ModelEndpoint } from '../constructs/model-endpoint.ts';
import type { RetrainedModel } from '../constructs/model-retraining.ts';
import { MODEL_WATCH_SERVICE } from '../constructs/model-watch.ts';
import type { PlimsollFunction } from '../constructs/node-function.ts';
import type { ScheduledModel } from '../deployed-watch.ts';
import type { Deployment } from '../deployment.ts';
import type { ApiStack } from './api.ts';
import type { ModelsStack } from './models.ts';
import { pascal, type TradingStack } from './trading.ts';

/** A message that waits longer than this means that its step does not keep up, or that its group is stuck. */
const OLDEST_MESSAGE_SECONDS = 300;
const PERIOD = Duration.minutes(5);

export interface OperationsStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly trading: TradingStack;
  readonly api: ApiStack;
  /** Where a model has an endpoint. */
  readonly models: ModelsStack | undefined;
  /** Whether models can be trained on SageMaker. */
  readonly isTraining: boolean;
}

export class OperationsStack extends Stack {
  readonly topic: Topic;

  constructor(
    scope: Construct,
    id: string,
    { deployment, trading, api, models, isTraining, ...props }: OperationsStackProps,
  ) {
    super(scope, id, props);
    this.topic = new Topic(this, 'Alarms', {
      displayName: `Plimsoll ${deployment.configuration.instance.name}`,
      enforceSSL: true,
    });
    for (const { name, queue, deadLetters } of trading.queues) {
      this.#deadLetters(`${pascal(name)}DeadLetters`, deadLetters);
      this.#gaps(pascal(name), deadLetters);
      this.#oldestMessage(pascal(name), queue);
    }
    this.#deadLetters('MissedEvents', trading.missedEvents);
    this.#deadLetters('JobsDeadLetters', api.jobs.deadLetters);
    for (const fn of [...trading.functions, ...api.functions]) this.#function(fn);
    for (const endpoint of models?.endpoints ?? []) this.#endpoint(endpoint);
    this.#alarm(
      'ApiServerErrors',
      'The HTTP API answers with errors of its own.',
      api.api.metricServerError({ period: PERIOD, statistic: 'Sum' }),
      5,
    );
    for (const { id: account } of deployment.configuration.accounts) this.#limitsWaiting(deployment, account);
    for (const model of deployment.watch?.models ?? []) this.#model(deployment, model, isTraining);
    for (const model of api.retraining?.models ?? []) this.#trainings(model);
    this.#dashboard(deployment, trading);
    new CfnOutput(this, 'AlarmTopic', { value: this.topic.topicArn });
  }

  #deadLetters(id: string, queue: Queue): void {
    const metric = queue.metricApproximateNumberOfMessagesVisible({
      period: Duration.minutes(1),
      statistic: 'Maximum',
    });
    this.#alarm(id, 'Work was given up on and waits to be looked at.', metric, 1);
  }

  /** A function takes dead letters at once, so that none may ever be seen to wait. */
  #gaps(id: string, queue: Queue): void {
    this.#alarm(
      `${id}Gaps`,
      'A cycle failed every time it was tried; it is recorded as a gap where its account still stood before it.',
      queue.metricNumberOfMessagesReceived({ period: PERIOD, statistic: 'Sum' }),
      1,
    );
  }

  #oldestMessage(id: string, queue: Queue): void {
    const metric = queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' });
    this.#alarm(
      `${id}OldestMessage`,
      'A message has waited for long: its step is stuck or too slow.',
      metric,
      OLDEST_MESSAGE_SECONDS,
    );
  }

  #function(fn: PlimsollFunction): void {
    const { id } = fn.node;
    this.#alarm(`${id}Errors`, 'A function failed.', fn.metricErrors({ period: PERIOD }), 1);
    this.#alarm(
      `${id}Throttles`,
      'A function was kept from running by a limit on concurrency.',
      fn.metricThrottles({ period: PERIOD }),
      1,
    );
  }

  #endpoint(endpoint: ModelEndpoint): void {
    for (const variant of endpoint.variants)
      this.#alarm(
        `Endpoint-${endpoint.node.id}-${variant}`,
        `The endpoint ${endpoint.endpointName} fails to answer: no order rests on its model meanwhile.`,
        endpoint.metricServerErrors(variant, { period: PERIOD }),
        1,
      );
  }

  /** Ingest says with every bar what waits; between bars, which may be days apart, it is as it was. */
  #limitsWaiting({ configuration }: Deployment, account: string): void {
    this.#alarm(
      `LimitsWaiting-${account}`,
      `Looser limits of "${account}" wait for a second person: see \`plimsoll limits changes\`, and approve or reject them.`,
      limitsWaiting(configuration.instance.name, account),
      1,
      TreatMissingData.IGNORE,
    );
  }

  /** A look says each time how it stands; between looks it is as it was. */
  #model({ configuration }: Deployment, { name, commands, retraining }: ScheduledModel, isTraining: boolean): void {
    const own = (metricName: string): Metric =>
      new Metric({
        namespace: 'Plimsoll',
        metricName,
        statistic: 'Maximum',
        period: PERIOD,
        dimensionsMap: { service: `${configuration.instance.name}-${MODEL_WATCH_SERVICE}`, model: name },
      });
    this.#alarm(
      `ModelFlagged-${name}`,
      `The model "${name}" drifts, decays or cannot answer: see \`plimsoll op models.watch\`. It decides on until another version is promoted and deployed.`,
      own('ModelFlagged'),
      1,
      TreatMissingData.IGNORE,
    );
    if (retraining) {
      this.#alarm(
        `ModelChallengerBetter-${name}`,
        shortened([
          `A version of "${name}" that a training left is better than the one that decides, by the evidence of \`plimsoll op models.watch\`. Where you deploy from: ${commands.fetch}`,
          `plimsoll models promote ${name} VERSION --reason 'better in shadow'`,
          'npx cdk deploy --all',
        ]),
        own('ModelChallengerBetter'),
        1,
        TreatMissingData.IGNORE,
      );
      return;
    }
    const command = isTraining ? commands.onSageMaker : commands.here;
    this.#alarm(
      `ModelTrainingDue-${name}`,
      shortened([
        `A training of the model "${name}" is due (\`plimsoll op models.queue\`). Where you deploy from, add the bars since to its file, then: ${command}`,
        `plimsoll models promote ${name} VERSION --reason retrained`,
        'npx cdk deploy --all',
      ]),
      own('ModelTrainingDue'),
      1,
      TreatMissingData.IGNORE,
    );
  }

  /** The queue says why; a training that failed for a while is begun anew by the next look. */
  #trainings({ name, machine }: RetrainedModel): void {
    const options = { period: PERIOD, statistic: 'Sum' };
    for (const [id, metric] of [
      ['ModelNotTrained', machine.metricFailed(options)],
      ['ModelTrainingTimedOut', machine.metricTimedOut(options)],
    ] as const)
      this.#alarm(
        `${id}-${name}`,
        `A training of the model "${name}" did not come to its end: \`plimsoll op models.queue\` says why. What decides goes on.`,
        metric,
        1,
      );
  }

  /** Fires at `threshold` and above; silence is no alarm, unless `treatMissingData` says otherwise. */
  #alarm(
    id: string,
    alarmDescription: string,
    metric: IMetric,
    threshold: number,
    treatMissingData = TreatMissingData.NOT_BREACHING,
  ): void {
    const alarm = new Alarm(this, id, {
      metric,
      threshold,
      alarmDescription,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData,
    });
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }

  #dashboard({ configuration }: Deployment, { queues, functions }: TradingStack): void {
    const { name } = configuration.instance;
    const own = (service: string, metricName: string, statistic: string): Metric =>
      new Metric({
        namespace: 'Plimsoll',
        metricName,
        statistic,
        label: service,
        period: PERIOD,
        dimensionsMap: { service: `${name}-${service}` },
      });
    const steps = ['reconcile', 'signal', 'risk', 'execute'];
    new Dashboard(this, 'Dashboard', { dashboardName: `${name}-trading` }).addWidgets(
      new GraphWidget({ title: 'Messages handled', left: steps.map((step) => own(step, 'MessagesHandled', 'Sum')) }),
      new GraphWidget({ title: 'Messages failed', left: steps.map((step) => own(step, 'MessagesFailed', 'Sum')) }),
      new GraphWidget({ title: 'Cycle lag, p90 (ms)', left: steps.map((step) => own(step, 'CycleLag', 'p90')) }),
      new GraphWidget({
        title: 'Bars missing and refused',
        left: [own('ingest', 'BarsMissing', 'Sum'), own('ingest', 'BarsRefused', 'Sum')],
      }),
      new GraphWidget({
        title: 'Looser limits that wait for approval',
        left: configuration.accounts.map(({ id }) => limitsWaiting(name, id).with({ label: id })),
      }),
      new GraphWidget({
        title: 'Dead letters',
        left: queues.map(({ deadLetters }) => deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD })),
      }),
      new GraphWidget({
        title: 'Time in a function, p90',
        left: functions.map((fn) => fn.metricDuration({ period: PERIOD, statistic: 'p90' })),
      }),
    );
  }
}

/** What CloudWatch takes as the description of an alarm. */
const MOST_CHARACTERS = 1_024;

/** Steps one after the other; where they are too long for CloudWatch, where to read them. */
function shortened(steps: readonly string[]): string {
  const text = steps.join(' && ');
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - CUT.length)}${CUT}`;
}
const CUT = ' … (docs/monitoring.md)';

const limitsWaiting = (instance: string, account: string): Metric =>
  new Metric({
    namespace: 'Plimsoll',
    metricName: 'LimitsWaiting',
    statistic: 'Maximum',
    period: PERIOD,
    dimensionsMap: { service: `${instance}-ingest`, account },
  });
