// Writes PUBLISH, section 3.3, and short acknowledgements: the packets of which a server writes
// many, so without a fresh array for each.

import { Reason } from '../../base/reason.ts'
import { encodeProperties } from './encode-properties.ts'
import { type Ack, PacketType, type Properties, type Qos, type Version } from './packets.ts'
import { NO_PROPERTIES, PROPERTY_SPECS, packetBit } from './properties.ts'
import {
  HEADER_BYTES_MAX,
  VARIABLE_INTEGER_MAX,
  variableIntegerBytes,
  Writer,
  writeVariableInteger,
} from './writer.ts'

/** Enough for most topics and properties. */
const SCRATCH_BYTES_MIN = 256

const PUBLISH = packetBit(PacketType.publish)
const PUBLISH_SPECS = PROPERTY_SPECS.filter((spec) => (spec.packets & PUBLISH) !== 0)

/** All of a PUBLISH but its payload. */
export interface PublishHead {
  /** Valid until the encoder's next call. */
  readonly bytes: Uint8Array
  /** Where in `bytes` the packet identifier stands, to be patched per receiver; -1 at QoS 0. */
  readonly packetIdAt: number
}

/** In place of a head where the whole would be longer than any packet may be, section 2.1.4. */
export const TOO_LONG: PublishHead = Object.freeze({ bytes: new Uint8Array(0), packetIdAt: -1 })

/** Owns one scratch buffer, which grows to the largest head that was asked for. */
export class PublishEncoder {
  readonly #writer: Writer = new Writer(SCRATCH_BYTES_MIN)
  /** The topic that stands in the scratch behind the place for the longest header, and its end. */
  #topic: string | undefined = undefined
  #topicEnd = 0
  #view: Uint8Array = this.#writer.bytes

  head(
    topic: string,
    qos: Qos,
    dup: boolean,
    retain: boolean,
    packetId: number,
    properties: Readonly<Properties>,
    payloadLength: number,
    version: Version,
  ): PublishHead {
    const writer = this.#writer
    this.#seekPastTopic(topic)
    let packetIdAt = -1
    if (qos > 0) {
      packetIdAt = writer.at
      writer.u16(packetId)
    }
    if (version === 5) {
      if (properties === NO_PROPERTIES) writer.u8(0)
      else encodeProperties(writer, properties, PUBLISH, PUBLISH_SPECS)
    }
    const remaining = writer.at - HEADER_BYTES_MAX + payloadLength
    if (remaining > VARIABLE_INTEGER_MAX) return TOO_LONG
    const start = HEADER_BYTES_MAX - 1 - variableIntegerBytes(remaining)
    const flags = (dup ? 0b1000 : 0) | (qos << 1) | (retain ? 1 : 0)
    writer.bytes[start] = (PacketType.publish << 4) | flags
    writeVariableInteger(writer.bytes, start + 1, remaining)
    return {
      bytes: this.#viewOf(start, writer.at),
      packetIdAt: qos > 0 ? packetIdAt - start : -1,
    }
  }

  /** A topic that comes again, as in a fan-out, is not written again. */
  #seekPastTopic(topic: string): void {
    const writer = this.#writer
    if (topic !== this.#topic) {
      this.#topic = undefined
      writer.at = HEADER_BYTES_MAX
      writer.text(topic)
      this.#topic = topic
      this.#topicEnd = writer.at
    }
    writer.at = this.#topicEnd
  }

  /** Heads in a row are often of the same length: then the view is the same object. */
  #viewOf(start: number, end: number): Uint8Array {
    const buffer = this.#writer.bytes.buffer
    const view = this.#view
    if (view.byteOffset !== start || view.length !== end - start || view.buffer !== buffer) {
      this.#view = new Uint8Array(buffer, start, end - start)
    }
    return this.#view
  }
}

/**
 * Writes an acknowledgement without properties. Returns its length: 5 with a reason that is not
 * success, which 5.0 alone can tell, else 4.
 */
export function encodeAck(
  into: Uint8Array,
  type: Ack['type'],
  packetId: number,
  reason: Reason,
  version: Version,
): number {
  const isShort = version < 5 || reason === Reason.success
  into[0] = (type << 4) | (type === PacketType.pubrel ? 0b0010 : 0)
  into[1] = isShort ? 2 : 3
  into[2] = packetId >> 8
  into[3] = packetId
  if (isShort) return 4
  into[4] = reason
  return 5
}

/** The whole PINGRESP. */
export const PINGRESP_BYTES: Uint8Array = Uint8Array.of(PacketType.pingresp << 4, 0)
