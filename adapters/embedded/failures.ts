/** What SQLite and the file system report, as the one error that people see. */
import { PlimsollError } from '../../core/errors.ts';

const KEPT = 'everything committed before this write is kept; this write is not';

/** Primary result codes: https://sqlite.org/rescode.html */
const SQLITE = { BUSY: 5, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 } as const;

/** Runs `work` on what lies in `place` (a file or directory, for the message), and translates what fails. */
export function reporting<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(error, place);
  }
}

/** The {@link PlimsollError} for an error of SQLite or the file system; any other error comes back as it is. */
export function storageError(error: unknown, place: string): unknown {
  if (!(error instanceof Error) || error instanceof PlimsollError) return error;
  const { code, errcode } = error as Error & { code?: string; errcode?: number };
  if (code === 'ERR_SQLITE_ERROR' && errcode !== undefined) return sqliteError(error, errcode & 0xff, place);
  return code === undefined ? error : fileError(error, code, place);
}

function sqliteError(cause: Error, code: number, place: string): unknown {
  switch (code) {
    case SQLITE.FULL:
      return diskFull(place, cause);
    case SQLITE.NOTADB:
    case SQLITE.CORRUPT:
      return dataCorrupt(place, cause.message, cause);
    case SQLITE.READONLY:
    case SQLITE.CANTOPEN:
      return notWritable(place, cause);
    case SQLITE.BUSY:
      return new PlimsollError(
        'DATA_BUSY',
        `another process has been writing to ${place} for longer than this one waits`,
        'try again; if it stays so, stop the other process',
        { kept: KEPT, cause },
      );
    case SQLITE.IOERR:
      return new PlimsollError(
        'DATA_IO_FAILED',
        `the disk failed to read or write ${place} (${cause.message})`,
        'check the disk, then start again; `plimsoll ledger verify` shows what is whole',
        { kept: 'everything committed before is kept if the disk kept it', cause },
      );
    default:
      return cause;
  }
}

function fileError(cause: Error, code: string, place: string): unknown {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(place, cause);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
      return notWritable(place, cause);
    case 'EIO':
      return new PlimsollError(
        'DATA_IO_FAILED',
        `the disk failed to read or write ${place}`,
        'check the disk, then start again',
        {
          kept: KEPT,
          cause,
        },
      );
    default:
      return cause;
  }
}

function diskFull(place: string, cause: Error): PlimsollError {
  return new PlimsollError('DISK_FULL', `the disk is full: ${place} cannot grow`, 'make room, then start again', {
    kept: KEPT,
    cause,
  });
}

function notWritable(place: string, cause: Error): PlimsollError {
  return new PlimsollError(
    'DATA_NOT_WRITABLE',
    `${place} cannot be opened or written`,
    'choose another data directory, or give this user the right to write there',
    { kept: 'what it holds is untouched', cause },
  );
}

/** `what` says what does not hold. */
export function dataCorrupt(place: string, what: string, cause?: unknown): PlimsollError {
  return new PlimsollError(
    'DATA_CORRUPT',
    `${place} is damaged (${what})`,
    'move the data directory aside and restore a backup, or start with an empty one; keep the damaged files, `sqlite3 .recover` may read more of them',
    { kept: 'the files are left as they were found', cause },
  );
}

export function openedToRead(place: string): PlimsollError {
  return new PlimsollError(
    'DATA_NOT_WRITABLE',
    `${place} was opened to be read only`,
    'use a command that may write, or open it as a visitor',
    { kept: 'nothing was changed' },
  );
}
