/** One way into every operation, whatever surface it is asked for on: role, input, work, output. */
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { PlimsollError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { mayAct } from '../core/ports/identity.ts';
import { operations } from './index.ts';
import type { Operation, OperationContext } from './operation.ts';

z.config(en());

/** The operation of that name. Throws `OPERATION_UNKNOWN`. */
export function findOperation(name: string): Operation {
  const found = operations.find((candidate) => candidate.name === name);
  if (found) return found as unknown as Operation;
  const known = operations.map((candidate) => candidate.name);
  throw new PlimsollError('OPERATION_UNKNOWN', `there is no operation "${name}"`, `use ${nearest(name, known)}`);
}

/**
 * Does an operation for who asks. Throws `OPERATION_FORBIDDEN` where the role does not reach, `OPERATION_INPUT_INVALID` naming
 * every field that is wrong, and what the operation itself throws.
 */
export async function invoke(operation: Operation, context: OperationContext, input: unknown): Promise<unknown> {
  assertMayAct(operation, context);
  const parsed = parseInput(operation, input);
  const { default: run } = await operation.run();
  return operation.output.parse(await run(context, parsed as never));
}

/** An operation's input with its defaults. Throws `OPERATION_INPUT_INVALID`. */
export function parseInput(operation: Operation, input: unknown): unknown {
  const parsed = operation.input.safeParse(input);
  if (parsed.success) return parsed.data;
  throw inputInvalid(operation, parsed.error);
}

function assertMayAct({ name, role }: Operation, { principal }: OperationContext): void {
  if (mayAct(principal, role)) return;
  throw new PlimsollError(
    'OPERATION_FORBIDDEN',
    `${name} needs the role ${role}, and ${principal.name} is ${principal.roles.join(', ') || 'none'}`,
    `use a token with the role ${role}`,
    { kept: 'nothing was changed' },
  );
}

/** Issues that are told of one input; more would not be read. */
const ISSUES_TOLD = 5;

function inputInvalid({ name, input }: Operation, error: z.core.$ZodError): PlimsollError {
  const told = error.issues.slice(0, ISSUES_TOLD).map((issue) => issueText(issue, keysOf(input)));
  return new PlimsollError(
    'OPERATION_INPUT_INVALID',
    `the input of ${name} is not valid: ${told.join('; ')}`,
    'correct it; the API document at /openapi.json describes it',
    { kept: 'nothing was changed' },
  );
}

function issueText(issue: z.core.$ZodIssue, known: readonly string[]): string {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return path === '' ? issue.message : `${path}: ${issue.message}`;
  const [key] = issue.keys;
  const remedy = path === '' && known.length > 0 ? `, use ${nearest(key, known)}` : '';
  return `there is no "${path === '' ? key : `${path}.${key}`}"${remedy}`;
}

const keysOf = (schema: z.ZodMiniType): string[] => Object.keys((schema as { shape?: object }).shape ?? {});
