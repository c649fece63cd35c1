/** The server's end of a WebSocket (RFC 6455), as far as venues' streams need it: no fragments, no extensions. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
type Opcode = keyof typeof OPCODES;
/** The largest message that a client may send. */
const MESSAGE_BYTES_MAX = 65_536;

export class ServedSocket {
  readonly #socket: Duplex;
  #received = Buffer.alloc(0);
  /** Says nothing any more, acknowledgements included, and leaves the connection open. */
  isSilent = false;

  constructor(request: IncomingMessage, socket: Duplex, onText: (text: string) => void) {
    this.#socket = socket;
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    socket.on('data', (chunk: Buffer) => this.#take(chunk, onText));
    // The server's sockets stay half open by themselves.
    socket.on('end', () => this.cut());
    socket.on('error', () => this.cut());
  }

  onEnd(call: () => void): void {
    this.#socket.on('close', call);
  }

  send(data: string | Uint8Array, opcode: 'text' | 'binary' = 'binary'): void {
    this.#write(opcode, Buffer.from(data));
  }

  close(code: number, reason: string): void {
    const body = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
    this.#write('close', body);
    if (!this.isSilent) this.#socket.end();
  }

  cut(): void {
    this.#socket.destroy();
  }

  #write(opcode: Opcode, body: Buffer): void {
    if (this.isSilent || this.#socket.destroyed) return;
    this.#socket.write(Buffer.concat([headOf(OPCODES[opcode], body.length), body]));
  }

  #take(chunk: Buffer, onText: (text: string) => void): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (let frame = frameIn(this.#received); frame !== undefined; frame = frameIn(this.#received)) {
      this.#received = this.#received.subarray(frame.end);
      if (frame.opcode === OPCODES.text || frame.opcode === OPCODES.binary) onText(frame.body.toString());
      else if (frame.opcode === OPCODES.ping) this.#write('pong', frame.body);
      else if (frame.opcode === OPCODES.close) {
        this.#write('close', frame.body);
        if (!this.isSilent) this.#socket.end();
      }
    }
  }
}

function headOf(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | opcode, length]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return head;
}

/** The first whole frame: masked, as every client's must be. */
function frameIn(bytes: Buffer): { opcode: number; body: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 127;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 6 + extra) return undefined;
  if ((bytes[1] & 128) === 0) throw new Error('a client must mask its frames');
  const length = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > MESSAGE_BYTES_MAX) throw new Error(`a client sent ${length} bytes`);
  const end = 6 + extra + length;
  if (bytes.length < end) return undefined;
  const mask = bytes.subarray(2 + extra, 6 + extra);
  const body = Buffer.from(bytes.subarray(6 + extra, end).map((byte, i) => byte ^ mask[i % 4]));
  return { opcode: bytes[0] & 15, body, end };
}
