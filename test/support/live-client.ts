// A client for tests over real sockets: it acknowledges by itself, keeps what it receives, and can
// stop reading. Built on the codec, it tests servers, not bytes; raw bytes go through `send`.

import { once } from 'node:events'
import { connect as dial, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocket } from 'ws'
import { FAILURE } from '../../src/base/reason.ts'
import { decode } from '../../src/codec/mqtt/decode.ts'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { Framer } from '../../src/codec/mqtt/framer.ts'
import {
  type Ack,
  type Connack,
  type Packet,
  PacketType,
  type Properties,
  type Publish,
  type Qos,
  type Suback,
  type Version,
  type Will,
} from '../../src/codec/mqtt/packets.ts'
import { makeProperties, NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'

const WAIT_MS_MAX = 20_000
const PACKET_BYTES_MAX = 268_435_460
let anonymous = 0

export interface ConnectOptions {
  readonly port: number
  /** The port is one for MQTT over WebSocket. */
  readonly isWebSocket?: boolean
  readonly version?: Version
  readonly clientId?: string
  readonly cleanStart?: boolean
  readonly keepAlive?: number
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly will?: Partial<Will>
  readonly properties?: Partial<Properties>
  /** Called instead of keeping the message; its payload is valid during the call only. */
  readonly onPublish?: (publish: Publish) => void
}

/** Waits of one kind that a packet with their key ends. */
type Waits = Map<number, (packet: Packet) => void>

export class LiveClient {
  readonly version: Version
  readonly messages: Publish[] = []
  connack: Connack | undefined
  /** The reason of the server's DISCONNECT. */
  disconnectReason: number | undefined
  isClosed = false
  readonly closed: Promise<void>
  readonly #socket: Duplex
  readonly #framer: Framer
  readonly #onPublish: (publish: Publish) => void
  readonly #waits: Waits = new Map()
  #changed: (() => void)[] = []
  #lastId = 0

  constructor(socket: Duplex, version: Version, onPublish?: (publish: Publish) => void) {
    this.version = version
    this.#socket = socket
    this.#onPublish = onPublish ?? ((publish) => this.#keep(publish))
    this.#framer = new Framer(PACKET_BYTES_MAX, {
      frame: (firstByte, bytes, start, end) => {
        this.#receive(decode(firstByte, bytes, start, end, version))
        return true
      },
    })
    this.#framer.version = version
    socket.on('data', (chunk: Uint8Array) => {
      this.#framer.push(chunk)
      this.#notify()
    })
    // A reset is a way of closing.
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.isClosed = true
        this.#notify()
        resolve()
      })
    })
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  sendPacket(packet: Packet): void {
    this.#socket.write(encode(packet, this.version))
  }

  /** Bytes that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  /** Resolves with SUBACK's reasons. */
  async subscribe(filters: string | readonly string[], qos: Qos = 0): Promise<readonly number[]> {
    const packetId = this.#takeId()
    const options = { qos, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
    const asked = [filters].flat().map((filter) => ({ filter, ...options }))
    const answer = this.#wait(packetId)
    this.sendPacket({
      type: PacketType.subscribe,
      packetId,
      filters: asked,
      properties: NO_PROPERTIES,
    })
    return ((await answer) as Suback).reasons
  }

  /**
   * Resolves once the server is done with it: on the write at QoS 0, on the last acknowledgement
   * else. With the reason that it says, 0 at QoS 0.
   */
  async publish(topic: string, payload: string | Uint8Array, qos: Qos = 0): Promise<number> {
    const packetId = qos === 0 ? 0 : this.#takeId()
    const answer = qos === 0 ? undefined : this.#wait(packetId)
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload
    this.sendPacket({
      type: PacketType.publish,
      qos,
      dup: false,
      retain: false,
      topic,
      packetId,
      properties: NO_PROPERTIES,
      payload: bytes,
    })
    return ((await answer) as Ack | undefined)?.reason ?? 0
  }

  /** Resolves when everything that was sent before has been read by the server. */
  async ping(): Promise<void> {
    const answer = this.#wait(-1)
    this.sendPacket({ type: PacketType.pingreq })
    await answer
  }

  /** Stops reading: the kernel's buffers fill, then the server's. */
  freeze(): void {
    this.#socket.pause()
  }

  thaw(): void {
    this.#socket.resume()
  }

  disconnect(): Promise<void> {
    this.sendPacket({ type: PacketType.disconnect, reason: 0, properties: NO_PROPERTIES })
    this.#socket.end()
    return this.closed
  }

  /** Goes without a word, as a process that is killed. */
  cut(): void {
    this.#socket.destroy()
  }

  /** Goes with a reset, where the stream has one: what was sent may be lost. */
  reset(): void {
    if (this.#socket instanceof Socket) this.#socket.resetAndDestroy()
    else this.cut()
  }

  /** Waits until `condition` holds; looks whenever something came. */
  async until(what: string, condition: () => boolean, msMax: number = WAIT_MS_MAX): Promise<void> {
    const deadlineMs = performance.now() + msMax
    while (!condition()) {
      const leftMs = deadlineMs - performance.now()
      if (leftMs <= 0 || this.isClosed) throw new Error(`${what}: not before ${this.#state()}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#changed.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  #state(): string {
    return this.isClosed
      ? 'the connection closed'
      : `the time was up (${this.messages.length} came)`
  }

  #keep(publish: Publish): void {
    this.messages.push({ ...publish, payload: Uint8Array.from(publish.payload) })
  }

  #receive(packet: Packet): void {
    switch (packet.type) {
      case PacketType.connack:
        this.connack = packet
        return
      case PacketType.disconnect:
        this.disconnectReason = packet.reason
        return
      case PacketType.publish:
        if (packet.qos === 1) this.#acknowledge(PacketType.puback, packet.packetId)
        if (packet.qos === 2) this.#acknowledge(PacketType.pubrec, packet.packetId)
        return this.#onPublish(packet)
      case PacketType.pubrel:
        return this.#acknowledge(PacketType.pubcomp, packet.packetId)
      case PacketType.pubrec:
        // A refused message is done with.
        if (packet.reason >= FAILURE) return this.#settle(packet.packetId, packet)
        return this.#acknowledge(PacketType.pubrel, packet.packetId)
      case PacketType.puback:
      case PacketType.pubcomp:
      case PacketType.suback:
      case PacketType.unsuback:
        return this.#settle(packet.packetId, packet)
      case PacketType.pingresp:
        return this.#settle(-1, packet)
      default:
        throw new Error(`a server may not send type ${packet.type}`)
    }
  }

  #acknowledge(type: 4 | 5 | 6 | 7, packetId: number): void {
    this.sendPacket({ type, packetId, reason: 0, properties: NO_PROPERTIES })
  }

  #takeId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1
    while (this.#waits.has(this.#lastId))
    return this.#lastId
  }

  #wait(key: number): Promise<Packet> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer, ${this.#state()}`)), WAIT_MS_MAX)
      void this.closed.then(() => {
        clearTimeout(late)
        reject(new Error('closed before the answer'))
      })
      this.#waits.set(key, (packet) => {
        clearTimeout(late)
        resolve(packet)
      })
    })
  }

  #settle(key: number, packet: Packet): void {
    this.#waits.get(key)?.(packet)
    this.#waits.delete(key)
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = []
    for (const tell of changed) tell()
  }
}

/** A socket that has sent nothing yet. */
export async function openClient(options: ConnectOptions): Promise<LiveClient> {
  const socket = await (options.isWebSocket === true ? dialWebSocket : dialTcp)(options.port)
  return new LiveClient(socket, options.version ?? 5, options.onPublish)
}

async function dialTcp(port: number): Promise<Duplex> {
  const socket = dial({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  return socket
}

async function dialWebSocket(port: number): Promise<Duplex> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'mqtt', { perMessageDeflate: false })
  await once(socket, 'open')
  return createWebSocketStream(socket)
}

/** A client that was accepted. */
export async function connectClient(options: ConnectOptions): Promise<LiveClient> {
  const client = await askToConnect(options)
  if (client.connack?.reason !== 0) throw new Error(`refused with ${client.connack?.reason}`)
  return client
}

/** A client that has its CONNACK, whatever it says. */
export async function askToConnect(options: ConnectOptions): Promise<LiveClient> {
  const client = await openClient(options)
  client.sendPacket({
    type: PacketType.connect,
    version: options.version ?? 5,
    cleanStart: options.cleanStart ?? true,
    keepAlive: options.keepAlive ?? 0,
    // Level 3 has no empty ids.
    clientId: options.clientId ?? `live-${++anonymous}`,
    will: options.will === undefined ? undefined : makeWill(options.will),
    userName: options.user,
    password:
      options.password === undefined ? undefined : new TextEncoder().encode(options.password),
    properties: makeProperties(options.properties ?? {}),
  })
  await client.until('CONNACK', () => client.connack !== undefined)
  return client
}

function makeWill(some: Partial<Will>): Will {
  return {
    topic: some.topic ?? 'will',
    payload: some.payload ?? new Uint8Array(0),
    qos: some.qos ?? 0,
    retain: some.retain ?? false,
    properties: some.properties ?? NO_PROPERTIES,
  }
}
