// One fast MQTT 3.1.1 client of the load generator. It trusts the server: it looks at types, counts
// messages and acknowledges; what is right is the tests' matter.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type Qos = 0 | 1 | 2

const CONNACK = 2
const PUBLISH = 3
const PUBACK = 4
const PUBREC = 5
const PUBREL = 6
const PUBCOMP = 7
const SUBACK = 9
const PINGRESP = 13

function field(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}

/** Packets of less than 16 KiB. */
function frame(firstByte: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length =
    body.length < 128
      ? Buffer.of(body.length)
      : Buffer.of((body.length & 0x7f) | 0x80, body.length >> 7)
  return Buffer.concat([Buffer.of(firstByte), length, body])
}

export class Peer {
  /** PUBLISHes that came. */
  received = 0
  /** QoS 1 and 2 messages of ours that the server is done with. */
  acknowledged = 0
  sent = 0
  readonly #socket: Socket
  readonly #progressed: () => void
  #rest: Buffer = Buffer.alloc(0)
  #answers: Buffer[] = []
  #packetId = 0
  #answered: (() => void) | undefined

  /** `progressed` is called after each read. */
  constructor(socket: Socket, progressed: () => void) {
    this.#socket = socket
    this.#progressed = progressed
    socket.on('data', (chunk) => this.#read(chunk))
  }

  /** CONNECT; `isClean` false asks for a session that outlives the connection. */
  async open(clientId: string, isClean = true): Promise<void> {
    const flags = isClean ? 2 : 0
    await this.#ask(frame(0x10, field('MQTT'), Buffer.of(4, flags, 0, 0), field(clientId)))
  }

  async subscribe(filter: string, qos: Qos): Promise<void> {
    await this.#ask(frame(0x82, Buffer.of(0, 1), field(filter), Buffer.of(qos)))
  }

  async ping(): Promise<void> {
    await this.#ask(Buffer.of(0xc0, 0))
  }

  /** DISCONNECT; resolves when the server has closed. */
  async leave(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.end(Buffer.of(0xe0, 0))
    await closed
  }

  /** Sends `count` messages with one write. */
  publish(topic: string, payload: Buffer, qos: Qos, count: number): void {
    const name = field(topic)
    const frames: Buffer[] = []
    for (let index = 0; index < count; index++) {
      this.#packetId = (this.#packetId % 65_535) + 1
      const id = Buffer.of(this.#packetId >> 8, this.#packetId & 0xff)
      const head = qos === 0 ? [name] : [name, id]
      frames.push(frame(0x30 | (qos << 1), ...head, payload))
    }
    this.sent += count
    this.#socket.write(Buffer.concat(frames))
  }

  close(): void {
    this.#socket.destroy()
  }

  /** One question at a time. */
  #ask(question: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve
      this.#socket.write(question)
    })
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (at + 2 <= bytes.length) {
      let length = 0
      let start = at + 1
      let shift = 0
      let byte = 0x80
      while (byte >= 0x80 && start < bytes.length) {
        byte = bytes[start++] ?? 0
        length |= (byte & 0x7f) << shift
        shift += 7
      }
      if (byte >= 0x80 || start + length > bytes.length) break
      this.#take(bytes, at, start)
      at = start + length
    }
    this.#rest = bytes.subarray(at)
    if (this.#answers.length > 0) {
      this.#socket.write(Buffer.concat(this.#answers))
      this.#answers = []
    }
    this.#progressed()
  }

  #take(bytes: Buffer, at: number, start: number): void {
    const firstByte = bytes[at] ?? 0
    switch (firstByte >> 4) {
      case PUBLISH: {
        this.received += 1
        const qos = (firstByte >> 1) & 3
        if (qos > 0) this.#answer((qos === 1 ? PUBACK : PUBREC) << 4, bytes, idAt(bytes, start))
        return
      }
      case PUBACK:
      case PUBCOMP:
        this.acknowledged += 1
        return
      case PUBREC:
        return this.#answer((PUBREL << 4) | 2, bytes, start)
      case PUBREL:
        return this.#answer(PUBCOMP << 4, bytes, start)
      case CONNACK:
        if (bytes[start + 1] !== 0) throw new Error(`CONNACK says ${bytes[start + 1]}`)
        return this.#answered?.()
      case SUBACK:
      case PINGRESP:
        return this.#answered?.()
    }
  }

  #answer(firstByte: number, bytes: Buffer, id: number): void {
    this.#answers.push(Buffer.of(firstByte, 2, bytes[id] ?? 0, bytes[id + 1] ?? 0))
  }
}

/** Where the packet id stands in a PUBLISH whose body begins at `start`. */
function idAt(bytes: Buffer, start: number): number {
  return start + 2 + bytes.readUInt16BE(start)
}

export async function openPeer(
  port: number,
  clientId: string,
  progressed: () => void,
): Promise<Peer> {
  const peer = await dialPeer(port, progressed)
  await peer.open(clientId)
  return peer
}

/** A connection on which CONNECT was not sent yet. */
export async function dialPeer(port: number, progressed: () => void): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  socket.on('error', (error) => {
    throw error
  })
  return new Peer(socket, progressed)
}
