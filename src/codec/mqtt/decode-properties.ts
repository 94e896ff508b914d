// Reads a property block, section 2.2.2. Checks what each property alone, and the block, may not
// say; what depends on the connection (limits that were announced, who may send what) is the
// front's.

import { Reason } from '../../base/reason.ts'
import { tooMany } from './packet-bounds.ts'
import { PacketType, type Properties, type UserProperty } from './packets.ts'
import {
  emptyProperties,
  NO_PROPERTIES,
  type PropertySpec,
  packetBit,
  SPEC_BY_ID,
} from './properties.ts'
import { forbidden, malformed, ProtocolError } from './protocol-error.ts'
import type { Reader } from './reader.ts'
import { hasWildcard } from './topic-name.ts'

/** The properties that may stand only once. */
type SingleSpec = Exclude<PropertySpec, { kind: 'userProperty' | 'subscriptionId' }>

const PUBLISH = packetBit(PacketType.publish)

/**
 * The property block that begins at the reader, with its length. `packet` is the bit of the packet
 * type in the table, or WILL.
 */
export function decodeProperties(reader: Reader, packet: number): Readonly<Properties> {
  const length = reader.variableInteger()
  if (length === 0) return NO_PROPERTIES
  const packetEnd = reader.end
  const blockEnd = reader.at + length
  if (blockEnd > packetEnd) throw malformed('the properties run past the end', 'U5-03')
  reader.end = blockEnd
  const properties = decodeBlock(reader, packet)
  reader.end = packetEnd
  checkBlock(properties)
  return properties
}

function decodeBlock(reader: Reader, packet: number): Properties {
  const properties = emptyProperties()
  const userProperties: UserProperty[] = []
  const subscriptionIds: number[] = []
  const { propertiesPerPacketMax } = reader.bounds
  while (!reader.isAtEnd) {
    const spec = SPEC_BY_ID[reader.variableInteger()]
    if (spec === undefined) throw malformed('unknown property', 'U5-04')
    if ((spec.packets & packet) === 0) {
      throw malformed(`property ${spec.name} where it may not stand`, 'U5-04')
    }
    if (spec.kind === 'userProperty') {
      if (userProperties.length >= propertiesPerPacketMax) {
        throw tooMany('User Properties', propertiesPerPacketMax)
      }
      userProperties.push([reader.text(), reader.text()])
    } else if (spec.kind === 'subscriptionId') {
      if (subscriptionIds.length > 0 && packet !== PUBLISH) throw repeated(spec)
      if (subscriptionIds.length >= propertiesPerPacketMax) {
        throw tooMany('Subscription Identifiers', propertiesPerPacketMax)
      }
      subscriptionIds.push(subscriptionId(reader))
    } else {
      if (properties[spec.name] !== undefined) throw repeated(spec)
      decodeSingle(reader, spec, properties)
    }
  }
  // Left out where empty: then it stays the shared empty list.
  if (userProperties.length > 0) properties.userProperties = userProperties
  if (subscriptionIds.length > 0) properties.subscriptionIds = subscriptionIds
  return properties
}

function decodeSingle(reader: Reader, spec: SingleSpec, into: Properties): void {
  switch (spec.kind) {
    case 'flag':
      into[spec.name] = flag(reader, spec)
      break
    case 'u16':
      into[spec.name] = reader.u16()
      break
    case 'u32':
      into[spec.name] = reader.u32()
      break
    case 'text':
      into[spec.name] = reader.text()
      break
    case 'binary':
      into[spec.name] = reader.binary()
      break
  }
}

function flag(reader: Reader, spec: PropertySpec): 0 | 1 {
  const value = reader.u8()
  if (value !== 0 && value !== 1) {
    throw forbidden(`property ${spec.name} is ${value}`, 'section 2.2.2.2')
  }
  return value
}

function subscriptionId(reader: Reader): number {
  const id = reader.variableInteger()
  if (id === 0) throw forbidden('the Subscription Identifier is 0', 'section 3.8.2.1.2')
  return id
}

function repeated(spec: PropertySpec): ProtocolError {
  return forbidden(`property ${spec.name} stands twice`, 'U5-05')
}

function checkBlock(properties: Properties): void {
  if (properties.topicAlias === 0) {
    throw new ProtocolError('the Topic Alias is 0', Reason.topicAliasInvalid, 'MQTT-3.3.2-8')
  }
  if (properties.receiveMaximum === 0) {
    throw forbidden('the Receive Maximum is 0', 'section 3.1.2.11.3')
  }
  if (properties.maximumPacketSize === 0) {
    throw forbidden('the Maximum Packet Size is 0', 'section 3.1.2.11.4')
  }
  if (
    properties.authenticationData !== undefined &&
    properties.authenticationMethod === undefined
  ) {
    throw forbidden('Authentication Data without a method', 'section 3.1.2.11.10')
  }
  const responseTopic = properties.responseTopic
  if (responseTopic === undefined) return
  if (responseTopic === '') throw forbidden('the Response Topic is empty', 'MQTT-4.7.3-1')
  if (hasWildcard(responseTopic)) {
    throw forbidden('the Response Topic has a wildcard', 'MQTT-3.3.2-14')
  }
}
