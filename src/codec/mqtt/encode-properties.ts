// Writes a property block, section 2.2.2. A property that the packet may not carry is not written.

import type { Properties } from './packets.ts'
import { NO_PROPERTIES, PROPERTY_SPECS, type PropertySpec } from './properties.ts'
import type { Writer } from './writer.ts'

/**
 * The block and its length. `packet` is the bit of the packet type in the table, or WILL. Whoever
 * writes many may hand in only the `specs` that such a packet may carry.
 */
export function encodeProperties(
  writer: Writer,
  properties: Readonly<Properties>,
  packet: number,
  specs: readonly PropertySpec[] = PROPERTY_SPECS,
): void {
  const start = writer.at
  writer.u8(0) // [MQTT-2.2.2-1]
  if (properties === NO_PROPERTIES) return
  for (const spec of specs) {
    if ((spec.packets & packet) !== 0) encodeProperty(writer, properties, spec)
  }
  writer.prefixLength(start)
}

function encodeProperty(
  writer: Writer,
  properties: Readonly<Properties>,
  spec: PropertySpec,
): void {
  const id = spec.id
  switch (spec.kind) {
    case 'flag': {
      const value = properties[spec.name]
      if (value === undefined) return
      writer.u8(id)
      return writer.u8(value)
    }
    case 'u16': {
      const value = properties[spec.name]
      if (value === undefined) return
      writer.u8(id)
      return writer.u16(value)
    }
    case 'u32': {
      const value = properties[spec.name]
      if (value === undefined) return
      writer.u8(id)
      return writer.u32(value)
    }
    case 'text': {
      const value = properties[spec.name]
      if (value === undefined) return
      writer.u8(id)
      return writer.text(value)
    }
    case 'binary': {
      const value = properties[spec.name]
      if (value === undefined) return
      writer.u8(id)
      return writer.binary(value)
    }
    case 'subscriptionId':
      for (const value of properties.subscriptionIds) {
        writer.u8(id)
        writer.variableInteger(value)
      }
      return
    case 'userProperty':
      for (const [name, value] of properties.userProperties) {
        writer.u8(id)
        writer.text(name)
        writer.text(value)
      }
  }
}
