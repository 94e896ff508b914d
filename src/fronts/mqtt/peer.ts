// The way out to one client: what the server says becomes bytes in the connection's outbox, in the
// client's version and within its limits. What comes in is connection's.

import type { Outbox } from '../../base/outbox.ts'
import { FAILURE, Reason } from '../../base/reason.ts'
import type { Turn } from '../../base/turn.ts'
import { encode } from '../../codec/mqtt/encode.ts'
import {
  encodeAck,
  PINGRESP_BYTES,
  type PublishHead,
  TOO_LONG,
} from '../../codec/mqtt/encode-publish.ts'
import { type Ack, type Packet, PacketType, type Properties } from '../../codec/mqtt/packets.ts'
import { makeProperties, NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import { REFERENCE_BYTES_MIN } from '../../base/outbox.ts'
import type { Counters } from '../../core/counters.ts'
import { keep, type Message, type Qos } from '../../core/message.ts'
import type { StoreRecord } from '../../core/store.ts'
import type { Peer } from '../../session/peer.ts'
import type { Dialect } from './dialect.ts'
import type { PublishFrames } from './publish-frames.ts'
import { OutgoingAliases } from './topic-aliases.ts'

/** What CONNECT says about what the client takes. */
export interface PeerLimits {
  readonly receiveMax: number
  /** Bytes; Infinity where the client named none. */
  readonly packetBytesMax: number
  readonly topicAliasMax: number
  /** False where the client wants no reason strings but in CONNACK and DISCONNECT. */
  readonly tellsProblems: boolean
}

export interface PeerParts {
  readonly turn: Turn<StoreRecord>
  readonly outbox: Outbox
  readonly frames: PublishFrames
  readonly counters: Counters
  readonly dialect: Dialect
  readonly limits: PeerLimits
  readonly connection: { close(reason: Reason): void }
}

const ackBytes = new Uint8Array(5)
const ACK_VIEWS = [4, 5].map((length) => ackBytes.subarray(0, length))

export class MqttPeer implements Peer {
  readonly receiveMax: number
  readonly #connection: PeerParts['connection']
  readonly #turn: Turn<StoreRecord>
  readonly #outbox: Outbox
  readonly #frames: PublishFrames
  readonly #counters: Counters
  readonly #dialect: Dialect
  readonly #packetBytesMax: number
  readonly #tellsProblems: boolean
  readonly #aliases: OutgoingAliases | undefined
  /** The commit that CONNACK, the first packet of all, leaves with; undefined before it. */
  #connackTicket: number | undefined

  constructor(parts: PeerParts) {
    this.receiveMax = parts.limits.receiveMax
    this.#connection = parts.connection
    this.#turn = parts.turn
    this.#outbox = parts.outbox
    this.#frames = parts.frames
    this.#counters = parts.counters
    this.#dialect = parts.dialect
    this.#packetBytesMax = parts.limits.packetBytesMax
    this.#tellsProblems = parts.limits.tellsProblems
    const { topicAliasMax } = parts.limits
    this.#aliases = topicAliasMax === 0 ? undefined : new OutgoingAliases(topicAliasMax)
  }

  /** True until CONNACK has left; nothing may pass it [MQTT-3.2.0-1]. */
  get isConnackHeld(): boolean {
    return this.#connackTicket === undefined || this.#outbox.holds(this.#connackTicket)
  }

  get isWritable(): boolean {
    return !this.#outbox.isFull
  }

  /** PUBACKs that the client cannot have yet, since they wait for a commit. */
  get pubacksHeld(): number {
    return this.#outbox.heldWeight
  }

  close(reason: Reason): void {
    this.#connection.close(reason)
  }

  publish(
    message: Message,
    qos: Qos,
    retain: boolean,
    ids: readonly number[],
    packetId: number,
    dup: boolean,
  ): boolean {
    const ticket = qos === 0 ? 0 : this.#turn.ticket()
    const head = this.#head(message, qos, retain, ids, dup, ticket)
    if (head === undefined) return false
    this.#begin(qos === 0, ticket, 0)
    if (head.packetIdAt !== -1) {
      head.bytes[head.packetIdAt] = packetId >> 8
      head.bytes[head.packetIdAt + 1] = packetId & 0xff
    }
    this.#outbox.add(head.bytes)
    if (message.payload.length >= REFERENCE_BYTES_MIN) keep(message)
    if (message.isKept) this.#outbox.addKept(message.payload)
    else this.#outbox.add(message.payload)
    return true
  }

  pubrel(packetId: number): void {
    this.ack(PacketType.pubrel, packetId, Reason.success)
  }

  /**
   * PUBACK, PUBREC, PUBREL or PUBCOMP, after the commit of what it acknowledges; what refuses a
   * message acknowledges nothing, and keeps its place only.
   */
  ack(type: Ack['type'], packetId: number, reason: Reason): void {
    const length = encodeAck(ackBytes, type, packetId, reason, this.#dialect.version)
    if (length > this.#packetBytesMax) return this.close(Reason.packetTooLarge)
    const ticket = reason >= FAILURE && isAnswer(type) ? 0 : this.#turn.ticket()
    this.#begin(false, ticket, type === PacketType.puback ? 1 : 0)
    const bytes = ACK_VIEWS[length - 4]
    if (bytes !== undefined) this.#outbox.add(bytes)
  }

  /** A PUBACK or PUBREC that says in words why, where the client wants to know. */
  refuse(type: Ack['type'], packetId: number, reason: Reason, told: string | undefined): void {
    const properties = this.propertiesOf(told)
    if (properties === NO_PROPERTIES) return this.ack(type, packetId, reason)
    this.tell({ type, packetId, reason, properties }, type === PacketType.puback ? 1 : 0)
  }

  /** The properties of an answer that refuses. [MQTT-3.1.2-29] */
  propertiesOf(reasonString: string | undefined): Properties {
    const tells = this.#tellsProblems && reasonString !== undefined
    return tells ? makeProperties({ reasonString }) : NO_PROPERTIES
  }

  /** Any other packet, in its place among those that wait for a commit. */
  send(packet: Packet): void {
    this.#send(packet, this.#turn.ticket(), 0)
  }

  /** As `send`, but nothing that it says must be stored: it waits for its predecessors alone. */
  tell(packet: Packet, weight: 0 | 1 = 0): void {
    this.#send(packet, 0, weight)
  }

  pingresp(): void {
    this.#begin(true, 0, 0)
    this.#outbox.add(PINGRESP_BYTES)
  }

  #send(packet: Packet, ticket: number, weight: 0 | 1): void {
    const bytes = encode(packet, this.#dialect.version, this.#packetBytesMax)
    if (bytes.length > this.#packetBytesMax) {
      // The client cannot be answered, nor be told why [MQTT-3.1.2-24].
      if (packet.type !== PacketType.disconnect) this.close(Reason.packetTooLarge)
      return
    }
    this.#begin(false, ticket, weight)
    this.#outbox.add(bytes)
  }

  #begin(isNow: boolean, ticket: number, weight: number): void {
    this.#counters.packetsSent += 1
    this.#connackTicket ??= ticket
    if (!isNow) this.#outbox.beginInOrder(ticket, weight)
    // Right behind CONNACK: what comes once it has left must not pass this.
    else if (this.isConnackHeld) this.#outbox.beginBehind(this.#connackTicket)
    else this.#outbox.beginNow()
  }

  /** The frame's head, or undefined where the client takes none so large [MQTT-3.1.2-24]. */
  #head(
    message: Message,
    qos: Qos,
    retain: boolean,
    ids: readonly number[],
    dup: boolean,
    ticket: number,
  ): PublishHead | undefined {
    const { wallMs } = this.#turn
    // What waits for a commit is passed by what does not, so it may not lean on an alias.
    const mayAlias = !this.#outbox.isHolding && this.#turn.isDurable(ticket)
    const { version } = this.#dialect
    if (this.#aliases === undefined || !mayAlias) {
      return this.#fit(this.#frames.head(message, qos, dup, retain, ids, version, wallMs), message)
    }
    const known = this.#aliases.find(message.topic)
    const alias = known === 0 ? this.#aliases.free : known
    const topic = known === 0 ? message.topic : ''
    const head = this.#fit(
      this.#frames.aliased(message, qos, dup, retain, ids, topic, alias, wallMs),
      message,
    )
    if (head === undefined) {
      // An alias takes three bytes, which may be what is too much.
      return this.#fit(this.#frames.head(message, qos, dup, retain, ids, version, wallMs), message)
    }
    if (known === 0 && alias !== 0) this.#aliases.add(message.topic, alias)
    return head
  }

  #fit(head: PublishHead, message: Message): PublishHead | undefined {
    if (head === TOO_LONG) return undefined
    return head.bytes.length + message.payload.length > this.#packetBytesMax ? undefined : head
  }
}

/** Whether it answers PUBLISH. Who is told of an id that is unknown forgets it, for good. */
function isAnswer(type: Ack['type']): boolean {
  return type === PacketType.puback || type === PacketType.pubrec
}
