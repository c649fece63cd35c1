/** What the stack tells a function, all of it: the environment variables, their meaning, and the refusal where one is missing. */
import * as z from 'zod/mini';
import { PlimsollError } from '../../core/errors.ts';
import { QUEUES, type QueueName } from '../../core/ports/queue.ts';
import type { QueueAddress } from './sqs-queue.ts';

const Name = z.string().check(z.trim(), z.minLength(1));
const Address = z.url({ protocol: /^https?$/ });

/** Each setting, the variable it comes from and its form. */
const SETTINGS = {
  /** The ledger's DynamoDB table. */
  ledgerTable: ['PLIMSOLL_LEDGER_TABLE', Name],
  /** The bucket of the lake. */
  lakeBucket: ['PLIMSOLL_LAKE_BUCKET', Name],
  /** What the names of this instance's secrets begin with. */
  secretPrefix: ['PLIMSOLL_SECRET_PREFIX', Name],
  /** Reference of the secret that lists the identities. */
  identitiesSecret: ['PLIMSOLL_IDENTITIES_SECRET', Name],
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
  const wanted = new Map<string, typeof Name | typeof Address>();
  for (const setting of settings) wanted.set(settingVariable(setting), SETTINGS[setting][1]);
  for (const queue of queues) wanted.set(queueVariables(queue).url, Address);
  for (const queue of deadLetters) wanted.set(queueVariables(queue).deadLettersUrl, Address);

  const bad = [...wanted]
    .filter(([variable, form]) => !form.safeParse(variables[variable]).success)
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
