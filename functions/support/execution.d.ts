/** The way to the venues of a deployment's live accounts; undefined where it has none, and then nothing of it is carried. */
declare module 'plimsoll-execution' {
  import type { Configuration } from '../../core/configuration/schema.ts';
  import type { StepPorts } from '../steps/ports.ts';

  export const venuesOf:
    | ((configuration: Configuration, variables: NodeJS.ProcessEnv) => NonNullable<StepPorts['venue']>)
    | undefined;
}
