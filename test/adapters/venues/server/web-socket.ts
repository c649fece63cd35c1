/** The server's side of a WebSocket, as RFC 6455 has it: unfragmented frames, none of them compressed. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Wire } from './streams.ts';

/** Section 1.3. */
const ACCEPT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Section 11.8. */
const OPCODES = { text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
type Opcode = keyof typeof OPCODES;

/** The largest that a client may send, in bytes. */
const MESSAGE_BYTES_MAX = 65_536;

export class ServedSocket implements Wire {
  readonly #socket: Duplex;
  readonly #hear: (text: string) => void;
  readonly #awaitsPong: (() => void)[] = [];
  #unread = Buffer.alloc(0);
  isOpen = true;
  /** That the other side took its leave with a frame. */
  tookLeave = false;

  /** Answers the handshake. */
  constructor(request: IncomingMessage, socket: Duplex, hear: (text: string) => void, ended: () => void) {
    this.#socket = socket;
    this.#hear = hear;
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${ACCEPT}`).digest('base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => undefined);
    // The server's sockets stay half open by themselves.
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.isOpen = false;
      for (const resolve of this.#awaitsPong) resolve();
      ended();
    });
  }

  say(text: string, as: 'text' | 'binary'): void {
    this.#write(as, Buffer.from(text));
  }

  /** Resolves once the other side has read everything that was said before, or is gone. */
  read(): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    this.#write('ping', Buffer.alloc(0));
    return new Promise((resolve) => this.#awaitsPong.push(resolve));
  }

  /** Takes leave, with a code and a reason. */
  end(code: number, reason: string): void {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(code);
    this.#write('close', Buffer.concat([head, Buffer.from(reason)]));
    this.#socket.end();
  }

  /** Without a word. */
  cut(): void {
    this.#socket.destroy();
  }

  #write(opcode: Opcode, payload: Buffer): void {
    if (!this.isOpen || !this.#socket.writable) return;
    const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
    head[0] = 0x80 | OPCODES[opcode];
    head[1] = head.length === 2 ? payload.length : head.length === 4 ? 126 : 127;
    if (head.length === 4) head.writeUInt16BE(payload.length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  #take(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (let frame = readFrame(this.#unread); frame; frame = readFrame(this.#unread)) {
      this.#unread = this.#unread.subarray(frame.length);
      if (frame.opcode === OPCODES.text || frame.opcode === OPCODES.binary) this.#hear(frame.payload.toString());
      if (frame.opcode === OPCODES.pong) this.#awaitsPong.shift()?.();
      if (frame.opcode === OPCODES.ping) this.#write('pong', frame.payload);
      if (frame.opcode === OPCODES.close) {
        this.tookLeave = true;
        this.end(1_000, '');
      }
    }
  }
}

/** The first frame, once all of it is there. A client masks its frames (section 5.3); one that does not is a defect. */
function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  if ((bytes[1] & 0x80) === 0) throw new Error('a client must mask its frames');
  const short = bytes[1] & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < head + 4) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (size > MESSAGE_BYTES_MAX) throw new Error(`a client sent ${size} bytes`);
  const length = head + 4 + size;
  if (bytes.length < length) return undefined;
  const mask = bytes.subarray(head, head + 4);
  const payload = Buffer.from(bytes.subarray(head + 4, length).map((byte, i) => byte ^ mask[i % 4]));
  return { opcode: bytes[0] & 0x0f, payload, length };
}
