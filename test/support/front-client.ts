// A client of an MQTT front without any transport: packets in, packets out, each in the turn in
// which the test wants it. Its wire passes everything on at once unless told to hold.

import { seededRandom } from '../../src/base/random.ts'
import type { Reason } from '../../src/base/reason.ts'
import type { Wire, WireEnd } from '../../src/base/wire.ts'
import { decode } from '../../src/codec/mqtt/decode.ts'
import { encode } from '../../src/codec/mqtt/encode.ts'
import { Framer } from '../../src/codec/mqtt/framer.ts'
import {
  type Connect,
  type Packet,
  PacketType,
  type Properties,
  type Publish,
  type Version,
} from '../../src/codec/mqtt/packets.ts'
import { makeProperties, NO_PROPERTIES } from '../../src/codec/mqtt/properties.ts'
import { MqttFront } from '../../src/fronts/mqtt/front.ts'
import { DEFAULT_MQTT_SETTINGS, type MqttSettings } from '../../src/fronts/mqtt/settings.ts'
import type { SessionWorld } from './session-world.ts'

export function createFront(world: SessionWorld, settings: Partial<MqttSettings> = {}): MqttFront {
  return new MqttFront({
    ...world.world,
    random: seededRandom(1),
    sessions: world.sessions,
    cluster: { announce: ignore, withdraw: ignore, forward: ignore, takeover: ignore },
    settings: { ...DEFAULT_MQTT_SETTINGS, ...settings },
  })
}

export class FrontClient implements Wire {
  readonly remoteAddress = 'local'
  readonly remotePort = 0
  /** What came, oldest first. */
  readonly packets: Packet[] = []
  /** Bytes of the largest frame that came. */
  frameBytesMax = 0
  isEnded = false
  isPaused = false
  /** False: what is written stays under way. */
  isReading: boolean = true
  readonly #world: SessionWorld
  readonly #version: Version
  readonly #end: WireEnd
  readonly #framer: Framer
  #isWriting = false

  constructor(world: SessionWorld, front: MqttFront, version: Version = 5) {
    this.#world = world
    this.#version = version
    this.#framer = new Framer(2 ** 28, {
      frame: (firstByte, bytes, start, end) => {
        this.packets.push(decode(firstByte, bytes.slice(), start, end, version))
        this.frameBytesMax = Math.max(this.frameBytesMax, end - start + 2)
        return true
      },
    })
    this.#end = front.accept(this)
  }

  /** The types and what tells them apart, for a quick look. */
  get types(): string[] {
    return this.packets.map((packet) => nameOf(packet.type))
  }

  get publishes(): Publish[] {
    return this.packets.filter((packet) => packet.type === PacketType.publish)
  }

  /** Sends within the open turn; the test ends it. */
  send(...packets: Packet[]): void {
    const frames = packets.map((packet) => encode(packet, this.#version))
    this.#end.receive(Buffer.concat(frames))
  }

  connect(clientId: string, fields: Partial<Connect> = {}, some: Partial<Properties> = {}): void {
    const properties = Object.keys(some).length === 0 ? NO_PROPERTIES : makeProperties(some)
    this.send({
      type: PacketType.connect,
      version: this.#version,
      cleanStart: true,
      keepAlive: 0,
      clientId,
      will: undefined,
      userName: undefined,
      password: undefined,
      properties,
      ...fields,
    })
  }

  subscribe(filter: string, qos: 0 | 1 | 2 = 2): void {
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
    const filters = [{ filter, qos, ...options }]
    this.send({ type: PacketType.subscribe, packetId: 65_000, filters, properties: NO_PROPERTIES })
  }

  publish(
    topic: string,
    text: string,
    fields: Partial<Publish> = {},
    some: Partial<Properties> = {},
  ): void {
    this.send({
      type: PacketType.publish,
      qos: 0,
      dup: false,
      retain: false,
      topic,
      packetId: 0,
      properties: Object.keys(some).length === 0 ? NO_PROPERTIES : makeProperties(some),
      payload: new TextEncoder().encode(text),
      ...fields,
    })
  }

  /** The wire is gone. */
  lose(): void {
    this.#end.closed(undefined)
  }

  /** Reads on, and has what was under way pass. */
  read(): void {
    this.isReading = true
    if (!this.#isWriting) return
    this.#isWriting = false
    this.#end.written()
    this.#world.settle()
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#isWriting || this.isEnded) throw new Error('a write out of place')
    this.#isWriting = true
    this.#framer.push(Buffer.concat(chunks))
    // Never synchronously: the front is told in a turn to come.
    if (this.isReading) this.#world.scheduler.defer(() => this.read())
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.isEnded = true
    this.#world.scheduler.defer(() => this.lose())
  }

  destroy(): void {
    this.end()
  }
}

/** The reason of the first packet of that type that carries one. */
export function reasonOf(client: FrontClient, type: PacketType): Reason | undefined {
  for (const packet of client.packets) {
    if (packet.type === type && 'reason' in packet) return packet.reason
  }
  return undefined
}

function nameOf(type: PacketType): string {
  return Object.entries(PacketType).find(([, value]) => value === type)?.[0] ?? String(type)
}

function ignore(): void {}
