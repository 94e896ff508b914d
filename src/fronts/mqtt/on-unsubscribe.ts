// UNSUBSCRIBE, section 3.10: one reason per filter, whether it existed or not [MQTT-3.10.4-5].

import { Reason } from '../../base/reason.ts'
import { PacketType, type Unsubscribe } from '../../codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import type { Client } from './client.ts'
import { parse } from './on-subscribe.ts'

export function onUnsubscribe(client: Client, packet: Unsubscribe): void {
  const { session, peer } = client.admission
  const { log } = client.front.parts
  const { packetId } = packet
  const filters = packet.filters.map(parse)
  const isIdInUse = session.receiver.has(packetId)
  const reasons = filters.map((filter, index) => {
    if (isIdInUse) return Reason.packetIdentifierInUse // [U5-25]
    // [MQTT-3.10.4-1] [U5-39]
    if (!session.subscriptions.remove(filter)) return Reason.noSubscriptionExisted
    log.debug('unsubscribed', { client: session.clientId, filter: packet.filters[index] })
    return Reason.success
  })
  // [MQTT-3.10.4-4] [MQTT-3.10.4-6] [MQTT-3.11.3-1]
  peer.send({ type: PacketType.unsuback, packetId, reasons, properties: NO_PROPERTIES })
}
