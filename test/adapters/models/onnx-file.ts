/** ONNX files of a few steps, written as their format has them (onnx.proto), for tests that need no Python. */
import protobuf from 'protobufjs';

/** TensorProto.DataType. */
export const FLOAT = 1;
export const INT64 = 7;
export const STRING = 8;
export const DOUBLE = 11;

export interface Step {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}
export interface Value {
  readonly name: string;
  readonly type: number;
  /** A string is a dimension of any size. */
  readonly shape: readonly (number | string)[];
  /** It is a sequence of maps from whole numbers to `type`. */
  readonly isMaps?: boolean;
}
export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly steps: readonly Step[];
  /** Tensors of float32 that come with the file. */
  readonly constants?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >;
}

type Writer = protobuf.Writer;
const bytesField = (number: number): number => (number << 3) | 2;
const wholeField = (number: number): number => number << 3;

/** A field that is a message of its own. */
function message(into: Writer, number: number, write: (writer: Writer) => void): void {
  into.uint32(bytesField(number)).fork();
  write(into);
  into.ldelim();
}

export function onnxFile({ inputs, outputs, steps, constants = {} }: Graph): Uint8Array {
  const model = protobuf.Writer.create();
  model.uint32(wholeField(1)).int64(8);
  message(model, 7, (graph) => {
    for (const step of steps) message(graph, 1, (writer) => writeStep(writer, step));
    graph.uint32(bytesField(2)).string('made for a test');
    for (const [name, { shape, values }] of Object.entries(constants))
      message(graph, 5, (tensor) => {
        for (const size of shape) tensor.uint32(wholeField(1)).int64(size);
        tensor.uint32(wholeField(2)).int32(FLOAT);
        message(tensor, 4, (data) => {
          for (const value of values) data.float(value);
        });
        tensor.uint32(bytesField(8)).string(name);
      });
    for (const input of inputs) message(graph, 11, (writer) => writeValue(writer, input));
    for (const output of outputs) message(graph, 12, (writer) => writeValue(writer, output));
  });
  for (const [domain, version] of [
    ['', 17],
    ['ai.onnx.ml', 3],
  ] as const)
    message(model, 8, (opset) => opset.uint32(bytesField(1)).string(domain).uint32(wholeField(2)).int64(version));
  return model.finish();
}

function writeStep(writer: Writer, { op, inputs, outputs, domain = '', attributes = {} }: Step): void {
  for (const input of inputs) writer.uint32(bytesField(1)).string(input);
  for (const output of outputs) writer.uint32(bytesField(2)).string(output);
  writer.uint32(bytesField(4)).string(op);
  for (const [name, value] of Object.entries(attributes))
    message(writer, 5, (attribute) => {
      attribute.uint32(bytesField(1)).string(name);
      if (typeof value === 'number') attribute.uint32(wholeField(3)).int64(value).uint32(wholeField(20)).int32(2);
      else {
        for (const one of value) attribute.uint32(wholeField(8)).int64(one);
        attribute.uint32(wholeField(20)).int32(7);
      }
    });
  writer.uint32(bytesField(7)).string(domain);
}

function writeValue(writer: Writer, { name, type, shape, isMaps }: Value): void {
  writer.uint32(bytesField(1)).string(name);
  message(writer, 2, (typed) => {
    if (!isMaps) return writeTensorType(typed, type, shape);
    message(typed, 4, (sequence) =>
      message(sequence, 1, (element) =>
        message(element, 5, (map) => {
          map.uint32(wholeField(1)).int32(INT64);
          message(map, 2, (value) => writeTensorType(value, type, []));
        }),
      ),
    );
  });
}

function writeTensorType(writer: Writer, type: number, shape: readonly (number | string)[]): void {
  message(writer, 1, (tensor) => {
    tensor.uint32(wholeField(1)).int32(type);
    message(tensor, 2, (dimensions) => {
      for (const size of shape)
        message(dimensions, 1, (dimension) => {
          if (typeof size === 'number') dimension.uint32(wholeField(1)).int64(size);
          else dimension.uint32(bytesField(2)).string(size);
        });
    });
  });
}
