// From a PUBLISH packet to a message: one list of checks. What breaks the protocol throws and ends
// the connection; what is merely refused is a Reason, and the connection goes on.

import { Reason } from '../../base/reason.ts'
import type { Publish } from '../../codec/mqtt/packets.ts'
import { ProtocolError } from '../../codec/mqtt/protocol-error.ts'
import { isUtf8 } from '../../base/utf8.ts'
import { type Message, NEVER } from '../../core/message.ts'
import type { Client } from './client.ts'
import { messageProperties } from './message-properties.ts'

export function admit(client: Client, packet: Publish): Message | Reason {
  const { settings, turn } = client.front.parts
  const { qos, retain, properties, packetId } = packet
  const { session, dialect } = client.admission
  if (properties.subscriptionIds.length > 0) {
    throw new ProtocolError('a Subscription Identifier', Reason.protocolError, 'MQTT-3.3.4-6')
  }
  if (qos > settings.qosMax) {
    throw new ProtocolError('QoS above Maximum QoS', Reason.qosNotSupported, 'U5-08')
  }
  if (retain && !settings.retainAvailable) {
    throw new ProtocolError('retain is not available', Reason.retainNotSupported, 'U5-09')
  }
  if (qos > 0) checkReceiveMaximum(client, packetId)
  const name =
    properties.topicAlias === undefined
      ? packet.topic
      : client.aliases.resolve(properties.topicAlias, packet.topic)

  // A QoS 2 message still has this id: it is no id for another one [MQTT-2.2.1-3].
  if (qos === 1 && session.receiver.has(packetId)) {
    if (dialect.canRefusePublish) return Reason.packetIdentifierInUse
    // Acknowledging it would lose it without a word.
    throw new ProtocolError('packet id in use', Reason.packetIdentifierInUse, 'MQTT-2.2.1-3')
  }
  const topic = client.topic(name)
  if (topic === undefined) return Reason.topicNameInvalid
  if (properties.payloadFormat === 1 && !isUtf8(packet.payload)) {
    return Reason.payloadFormatInvalid // [U5-13]
  }
  const { messageExpiry } = properties
  return {
    offset: 0,
    topic,
    payload: packet.payload,
    isKept: false,
    qos,
    retain,
    properties: messageProperties(properties),
    publisher: session.clientId,
    arrivedAtMs: turn.wallMs,
    expiresAtMs: messageExpiry === undefined ? NEVER : turn.wallMs + messageExpiry * 1000,
  }
}

/** [MQTT-3.3.4-7]: what the client cannot have been told of yet counts as unacknowledged. */
function checkReceiveMaximum(client: Client, packetId: number): void {
  const { session, peer, dialect } = client.admission
  if (!dialect.hasReceiveMaximum || session.receiver.isCounted(packetId)) return
  const unacknowledged = session.receiver.unreleased + peer.pubacksHeld
  if (unacknowledged < client.front.parts.settings.receiveMax) return
  throw new ProtocolError('Receive Maximum exceeded', Reason.receiveMaximumExceeded, 'MQTT-3.3.4-7')
}
