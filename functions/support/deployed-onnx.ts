/** Versions of a deployment whose members are ONNX files: they lie beside the function's code, and ONNX Runtime is in its layer. */
import { type OnnxVersion, openOnnxVersion } from '../../adapters/models/onnx-version.ts';
import { type AskModel, MODEL_ANSWER_MS } from '../../core/ports/model-server.ts';
import { bundledFile } from './bundled-file.ts';
import { checked, type DeployedModel } from './deployed-models.ts';

/** Each is opened with its first question, and stays. Throws as `openOnnxVersion`; what could not be opened is tried again with the next question. */
export function deployedOnnx(versions: readonly DeployedModel[]): AskModel {
  const opened = new Map<string, Promise<OnnxVersion>>();
  const open = async (wanted: string): Promise<OnnxVersion> => {
    const { manifest, files } = versions.find(({ version }) => version === wanted)!;
    const read = Object.entries(files).map(
      ([name, path]) => [name, checked(name, bundledFile(path, import.meta.url), manifest)] as const,
    );
    return openOnnxVersion(manifest, new Map(read), { withinMs: MODEL_ANSWER_MS });
  };
  return async (question) => {
    const { version } = question;
    const opening = opened.get(version) ?? open(version);
    opened.set(version, opening);
    opening.catch(() => opened.delete(version));
    return (await opening).ask(question);
  };
}
