import { basename, isAbsolute } from 'node:path';

/** The command that runs now, as a person may give it again. */
export const commandText = (): string => ['plimsoll', ...process.argv.slice(2)].map(quoted).join(' ');

/** Paths without their folders: a report is shown to others. */
function quoted(argument: string): string {
  const isPath = isAbsolute(argument) || (argument.includes('/') && /\.\w+$/.test(argument));
  const shown = isPath ? basename(argument) : argument;
  return /^[\w./:=,@-]+$/.test(shown) ? shown : JSON.stringify(shown);
}
