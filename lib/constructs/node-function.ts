import { join, resolve } from 'node:path';
import { AssetHashType, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type AssetCode,
  type CfnFunction,
  Code,
  type FunctionProps,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type Bundle, writeBundle } from './bundle.ts';

const root = resolve(import.meta.dirname, '../..');

type PassedOn =
  | 'description'
  | 'environment'
  | 'layers'
  | 'reservedConcurrentExecutions'
  | 'deadLetterQueue'
  | 'retryAttempts';

export interface PlimsollFunctionProps extends Pick<FunctionProps, PassedOn> {
  /** The TypeScript file that exports `handler`; a path from the repository's root, or an absolute one below it. */
  readonly entry: string;
  /**
   * Memory in MB; the share of a CPU grows with it, to a whole one at 1,769.
   * @default 512
   */
  readonly memoryMb?: number;
  /**
   * The longest that one invocation may take. A queue that feeds the function hides its messages for at least six times as long.
   * @default 30 seconds
   */
  readonly timeout?: Duration;
  /**
   * How long the function's log is kept. The log goes with the stack; what has to stay is in the ledger.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * Files that stand in for modules which only a deployment has, by the module's name.
   * @default none
   */
  readonly modules?: Readonly<Record<string, string>>;
}

/**
 * A Lambda function on Node 24 and ARM, bundled as one small ES module, with X-Ray tracing and a log of its own. Its
 * role may write that log and its traces; everything else is granted by the caller, who also adds event sources.
 */
export class PlimsollFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: PlimsollFunctionProps) {
    const {
      entry,
      memoryMb = 512,
      timeout = Duration.seconds(30),
      logRetention = RetentionDays.ONE_MONTH,
      modules = {},
      ...passedOn
    } = props;
    const logGroup = new LogGroup(scope, `${id}Log`, { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY });
    // A role of our own, since the managed policy that CDK would attach may create and write every log of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      ...passedOn,
      code: codeOf({ entry: resolve(root, entry), modules }),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memoryMb,
      timeout,
      logGroup,
      role,
    });
    traceActively(this, role);
  }
}

/** Not the `tracing` property: it widens the role's own policy, where a wildcard of ours would hide any other. */
function traceActively(fn: PlimsollFunction, role: IRole): void {
  (fn.node.defaultChild as CfnFunction).tracingConfig = { mode: 'Active' };
  const actions = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
  const policy = new Policy(fn, 'Traces', {
    statements: [new PolicyStatement({ actions, resources: ['*'] })],
    roles: [role],
  });
  Validations.of(policy).acknowledge({
    id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
    reason: 'X-Ray has no resources to name: its two write actions are granted on all or none.',
  });
}

const codeOf = (bundle: Bundle): AssetCode =>
  Code.fromAsset(root, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: Runtime.NODEJS_24_X.bundlingImage,
      // Not run: it tells CDK one bundle from another.
      command: [JSON.stringify(bundle)],
      local: {
        tryBundle(folder) {
          writeBundle(bundle, join(folder, 'index.mjs'));
          return true;
        },
      },
    },
  });
