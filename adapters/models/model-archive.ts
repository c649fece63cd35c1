/** Versions as SageMaker takes a model: `model.tar.gz`, which it unpacks into /opt/ml/model. */
import { gzipSync } from 'node:zlib';
import { PlimsollError } from '../../core/errors.ts';
import { byCode } from '../embedded/objects.ts';

/** A record of a tar file, of which every part takes whole ones. */
const RECORD_BYTES = 512;
/** Of a header of POSIX.1-1988 (ustar): its name, and where the folder before it stands. */
const MOST_NAME_BYTES = 100;
const FOLDER_AT = 345;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
/** Of gzip: the system that packed; 255 is "unknown", whichever it was. */
const SYSTEM_AT = 9;
const UNKNOWN_SYSTEM = 255;

/** A version and its files by name, as `ModelRegistry.files` gives them. */
export interface PackedVersion {
  readonly name: string;
  readonly version: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * One version is the folder itself; several lie in `NAME/VERSION/`. The same files are the same bytes, with the same zlib: they stand in the order of their names, belong to nobody and are of 1970. The code that
 * serves them is in the image. Throws `MODEL_ARCHIVE_NAME`.
 */
export function packedForSageMaker(versions: readonly PackedVersion[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const folderOf = ({ name, version }: PackedVersion): string => (versions.length > 1 ? `${name}/${version}` : '');
  for (const version of [...versions].sort((a, b) => byCode(folderOf(a), folderOf(b)))) {
    for (const name of [...version.files.keys()].sort(byCode)) {
      const bytes = version.files.get(name)!;
      parts.push(
        headerOf(folderOf(version), name, bytes.length),
        bytes,
        new Uint8Array((RECORD_BYTES - (bytes.length % RECORD_BYTES)) % RECORD_BYTES),
      );
    }
  }
  // Two empty records end it.
  const packed = gzipSync(Buffer.concat([...parts, new Uint8Array(2 * RECORD_BYTES)]), { level: 9 });
  packed[SYSTEM_AT] = UNKNOWN_SYSTEM;
  return packed;
}

function headerOf(folder: string, name: string, size: number): Uint8Array {
  const header = Buffer.alloc(RECORD_BYTES);
  if (Buffer.byteLength(name) > MOST_NAME_BYTES)
    throw new PlimsollError(
      'MODEL_ARCHIVE_NAME',
      `the model’s file ${name} has a name of more than ${MOST_NAME_BYTES} bytes, which an archive cannot hold`,
      'give the member a shorter name, and train it anew',
    );
  header.write(name, 0);
  // Mode, owner, group, size and time, in octal digits with an end.
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  // A plain file.
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  header.write(folder, FOLDER_AT);
  // The sum is made with spaces in its own place.
  header.fill(0x20, CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM_AT);
  return header;
}
