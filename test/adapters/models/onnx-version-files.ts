/** A version whose one member is an ONNX file, laid into a data directory as the champion of its model: no Python made it. */
import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OnnxSignature } from '../../../adapters/models/onnx.ts';
import { deskManifest } from '../../core/models/desk.ts';
import { FLOAT, onnxFile } from './onnx-file.ts';

const FEATURES = ['return-3', 'rsi-14'];
const SIGNATURE: OnnxSignature = {
  format: 'plimsoll-onnx/1',
  features: FEATURES,
  kind: 'probabilities',
  values: { output: 'Y', width: 2 },
};

/** Returns the version. Its member says the softmax of its two features. */
export function putOnnxChampion(directory: string, name: string): string {
  const member = onnxFile({
    inputs: [{ name: 'X', type: FLOAT, shape: ['rows', FEATURES.length] }],
    outputs: [{ name: 'Y', type: FLOAT, shape: ['rows', 2] }],
    steps: [{ op: 'Softmax', inputs: ['X'], outputs: ['Y'], attributes: { axis: 1 } }],
  });
  const files = new Map<string, Uint8Array | string>([
    ['soft.onnx', member],
    ['soft.signature.json', JSON.stringify(SIGNATURE)],
    ['card.json', '{}'],
  ]);
  const manifest = deskManifest({
    served: 'onnx',
    features: FEATURES,
    members: [{ name: 'soft', file: 'soft.onnx', weight: 1 }],
    files: Object.fromEntries([...files].map(([file, content]) => [file, hash('sha256', content)])),
  });
  const text = JSON.stringify(manifest);
  const version = hash('sha256', text).slice(0, 16);
  const about = JSON.stringify({ run: {}, parity: {} });
  put(join(directory, 'objects/models', name, version), [...files, ['manifest.json', text], ['version.json', about]]);
  const deed = { version, at: 0, by: 'test', reason: 'to be asked' };
  put(join(directory, 'objects/models', name, 'history'), [
    ['00000001.json', JSON.stringify({ action: 'registered', ...deed })],
    ['00000002.json', JSON.stringify({ action: 'promoted', ...deed })],
  ]);
  return version;
}

function put(folder: string, files: Iterable<readonly [string, Uint8Array | string]>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
}
