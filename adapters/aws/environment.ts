/** What the stack tells a function, all of it: the environment variables, their meaning, and the refusal where one is missing. */
import { PlimsollError } from '../../core/errors.ts';
import { QUEUES, type QueueName } from '../../core/ports/queue.ts';
import type { QueueAddress } from './sqs-queue.ts';

/** By hand: a schema would be built and compiled at every cold start, for two rules. */
const isName = (value: string): boolean => value.trim() !== '';
const isAddress = (value: string): boolean => /^https?:$/.test(URL.parse(value)?.protocol ?? '');

/** Each setting, the variable it comes from and its form. */
const SETTINGS = {
  /** The ledger's DynamoDB table. */
  ledgerTable: ['PLIMSOLL_LEDGER_TABLE', isName],
  /** The bucket of the lake. */
  lakeBucket: ['PLIMSOLL_LAKE_BUCKET', isName],
  /** The bucket that training jobs read and write. */
  trainingBucket: ['PLIMSOLL_TRAINING_BUCKET', isName],
  /** What the ARNs of the state machines that train models begin with; a model's name follows. */
  retrainingMachines: ['PLIMSOLL_RETRAINING_MACHINES', isName],
  /** What the names of this instance's secrets begin with. */
  secretPrefix: ['PLIMSOLL_SECRET_PREFIX', isName],
  /** Reference of the secret that lists the identities. */
  identitiesSecret: ['PLIMSOLL_IDENTITIES_SECRET', isName],
} as const;

export type Setting = keyof typeof SETTINGS;

/** The variables that hold a queue's address and that of its dead letters. */
export const queueVariables = (queue: QueueName) => {
  const stem = `PLIMSOLL_QUEUE_${queue.toUpperCase()}`;
  return { url: `${stem}_URL`, deadLettersUrl: `${stem}_DEAD_LETTERS_URL` } as const;
};

/** The variable of a setting, for the stack that sets it. */
export const settingVariable = (setting: Setting): string => SETTINGS[setting][0];

/** What one function needs. */
export interface Needs<S extends Setting, Q extends QueueName> {
  readonly settings?: readonly S[];
  readonly queues?: readonly Q[];
  /** Queues whose dead letters it reads too. */
  readonly deadLetters?: readonly Q[];
}

export type Environment<S extends Setting, Q extends QueueName> = Readonly<Record<S, string>> & {
  readonly queues: Readonly<Record<Q, QueueAddress>>;
};

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What a function needs from `variables` (`process.env`), and no more. Throws `ENVIRONMENT_INCOMPLETE` naming every variable
 * that is missing or malformed, never a value.
 */
export function awsEnvironment<const S extends Setting = never, const Q extends QueueName = never>(
  variables: Variables,
  { settings = [], queues = [], deadLetters = [] }: Needs<S, Q>,
): Environment<S, Q> {
  const wanted = new Map<string, (value: string) => boolean>();
  for (const setting of settings) wanted.set(settingVariable(setting), SETTINGS[setting][1]);
  for (const queue of queues) wanted.set(queueVariables(queue).url, isAddress);
  for (const queue of deadLetters) wanted.set(queueVariables(queue).deadLettersUrl, isAddress);

  const bad = [...wanted]
    .filter(([variable, isWellFormed]) => !isWellFormed(variables[variable] ?? ''))
    .map(([variable]) => variable);
  if (bad.length > 0) throw incomplete(bad);

  const named = settings.map((setting) => [setting, variables[settingVariable(setting)]!.trim()]);
  const addresses = QUEUES.filter((queue) => (queues as readonly QueueName[]).includes(queue)).map((queue) => {
    const { url, deadLettersUrl } = queueVariables(queue);
    return [queue, { url: variables[url], deadLettersUrl: variables[deadLettersUrl] }];
  });
  return { ...Object.fromEntries(named), queues: Object.fromEntries(addresses) };
}

const incomplete = (variables: readonly string[]): PlimsollError =>
  new PlimsollError(
    'ENVIRONMENT_INCOMPLETE',
    `the environment lacks ${variables.join(', ')}, or what it holds there has the wrong form`,
    'deploy the stack again, which sets them',
  );
