// Decodes SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK, sections 3.8 to 3.11. Whether the text of a
// filter is one is the core's to say; what a bad one comes to is the front's.

import type { Reason } from '../../base/reason.ts'
import { threeOf } from './bytes.ts'
import { decodeProperties } from './decode-properties.ts'
import {
  PacketType,
  type Properties,
  type Suback,
  type Subscribe,
  type SubscribeFilter,
  type Unsuback,
  type Unsubscribe,
  type Version,
} from './packets.ts'
import { tooMany } from './packet-bounds.ts'
import { NO_PROPERTIES, packetBit } from './properties.ts'
import { forbidden, malformed } from './protocol-error.ts'
import type { Reader } from './reader.ts'
import { checkReason, subackReason } from './reasons.ts'

const NO_LOCAL = 0b0000_0100
const RETAIN_AS_PUBLISHED = 0b0000_1000

export function decodeSubscribe(reader: Reader, version: Version): Subscribe {
  const packetId = reader.packetId()
  const properties = propertiesOf(reader, PacketType.subscribe, version)
  const filters: SubscribeFilter[] = []
  while (!reader.isAtEnd) {
    checkCount(filters, reader)
    const filter = filterText(reader)
    filters.push(version === 5 ? options(filter, reader.u8()) : optionsBefore5(filter, reader.u8()))
  }
  if (filters.length === 0) throw forbidden('SUBSCRIBE without a filter', 'MQTT-3.8.3-2')
  return { type: PacketType.subscribe, packetId, filters, properties }
}

export function decodeUnsubscribe(reader: Reader, version: Version): Unsubscribe {
  const packetId = reader.packetId()
  const properties = propertiesOf(reader, PacketType.unsubscribe, version)
  const filters: string[] = []
  while (!reader.isAtEnd) {
    checkCount(filters, reader)
    filters.push(filterText(reader))
  }
  if (filters.length === 0) throw forbidden('UNSUBSCRIBE without a filter', 'MQTT-3.10.3-2')
  return { type: PacketType.unsubscribe, packetId, filters, properties }
}

export function decodeSuback(reader: Reader, version: Version): Suback {
  const packetId = reader.packetId()
  const properties = propertiesOf(reader, PacketType.suback, version)
  const reasons: Reason[] = []
  while (!reader.isAtEnd) reasons.push(subackReason(reader.u8(), version))
  if (reasons.length === 0) throw forbidden('SUBACK without a reason', 'MQTT-3.8.4-6')
  return { type: PacketType.suback, packetId, reasons, properties }
}

export function decodeUnsuback(reader: Reader, version: Version): Unsuback {
  const packetId = reader.packetId()
  const properties = propertiesOf(reader, PacketType.unsuback, version)
  const reasons: Reason[] = []
  if (version === 5) {
    while (!reader.isAtEnd) reasons.push(checkReason(reader.u8(), PacketType.unsuback))
    if (reasons.length === 0) throw forbidden('UNSUBACK without a reason', 'MQTT-3.11.3-1')
  }
  reader.finish()
  return { type: PacketType.unsuback, packetId, reasons, properties }
}

function propertiesOf(reader: Reader, type: PacketType, version: Version): Readonly<Properties> {
  return version === 5 ? decodeProperties(reader, packetBit(type)) : NO_PROPERTIES
}

/** To be called before each filter is read. */
function checkCount(filters: readonly unknown[], { bounds }: Reader): void {
  const { filtersPerPacketMax } = bounds
  if (filters.length >= filtersPerPacketMax) throw tooMany('filters', filtersPerPacketMax)
}

function filterText(reader: Reader): string {
  const filter = reader.text()
  if (filter === '') throw malformed('a filter is empty', 'MQTT-4.7.3-1')
  return filter
}

function options(filter: string, byte: number): SubscribeFilter {
  if ((byte & 0b1100_0000) !== 0) {
    throw malformed('reserved subscription options are set', 'MQTT-3.8.3-5')
  }
  const qos = threeOf(byte & 0b11)
  if (qos === undefined) throw forbidden('the maximum QoS is 3', 'section 3.8.3.1')
  const retainHandling = threeOf((byte >> 4) & 0b11)
  if (retainHandling === undefined) {
    throw forbidden('the Retain Handling is 3', 'section 3.8.3.1')
  }
  const noLocal = (byte & NO_LOCAL) !== 0
  if (noLocal && filter.startsWith('$share/')) {
    throw forbidden('No Local on a shared subscription', 'MQTT-3.8.3-4')
  }
  return {
    filter,
    qos,
    noLocal,
    retainAsPublished: (byte & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling,
  }
}

function optionsBefore5(filter: string, byte: number): SubscribeFilter {
  const qos = threeOf(byte)
  if (qos === undefined) throw malformed(`the options are ${byte}`, 'MQTT311-3.8.3-4')
  return { filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }
}
