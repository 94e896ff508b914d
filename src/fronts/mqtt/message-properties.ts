// From a packet's properties to those that travel with the message.

import type { Properties } from '../../codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import { type MessageProperties, NO_MESSAGE_PROPERTIES } from '../../core/message.ts'

/** The very same object for all messages that have none. */
export function messageProperties(properties: Readonly<Properties>): MessageProperties {
  if (properties === NO_PROPERTIES) return NO_MESSAGE_PROPERTIES
  const { payloadFormat, contentType, responseTopic, correlationData, userProperties } = properties
  if (
    payloadFormat === undefined &&
    contentType === undefined &&
    responseTopic === undefined &&
    correlationData === undefined &&
    userProperties.length === 0
  ) {
    return NO_MESSAGE_PROPERTIES
  }
  return {
    payloadFormat,
    contentType,
    responseTopic,
    correlationData,
    userProperties,
  }
}
