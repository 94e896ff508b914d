// PUBLISH from a client, section 3.3: admit, publish, acknowledge by QoS [MQTT-3.3.4-1].

import { FAILURE, Reason } from '../../base/reason.ts'
import { PacketType, type Publish } from '../../codec/mqtt/packets.ts'
import { reasonName } from '../../codec/mqtt/reasons.ts'
import type { Message } from '../../core/message.ts'
import { explain } from '../../core/refusal.ts'
import { admit } from './admit.ts'
import type { Client } from './client.ts'

export function onPublish(client: Client, packet: Publish): void {
  const admitted = admit(client, packet)
  const { session, peer, principal, dialect } = client.admission
  const { qos, packetId } = packet
  if (qos === 2 && session.receiver.has(packetId)) {
    session.receiver.add(packetId)
    // The message is owned already; the answer joins the one that may still wait for its commit.
    return peer.ack(PacketType.pubrec, packetId, Reason.success) // [MQTT-4.3.3-10]
  }
  const { hub, counters } = client.front.parts
  const reason = typeof admitted === 'number' ? admitted : hub.publish(admitted, principal).reason
  if (reason < FAILURE) {
    counters.publishesReceived += 1
    counters.publishBytesReceived += packet.payload.length
  }
  const why = reason < FAILURE ? undefined : refused(client, packet, admitted, reason)

  if (qos === 0) return
  // What cannot be kept now must not be acknowledged: it may be sent again later.
  if (isForNow(reason) && !dialect.canRefusePublish) return client.close(reason)
  // Who cannot be refused has his message acknowledged and dropped [MQTT311-3.3.5-2].
  const told = reason < FAILURE || dialect.canRefusePublish ? reason : Reason.success
  if (told >= FAILURE && why !== undefined) {
    const type = qos === 1 ? PacketType.puback : PacketType.pubrec
    return peer.refuse(type, packetId, told, why)
  }
  if (qos === 1) return peer.ack(PacketType.puback, packetId, told) // [MQTT-4.3.2-4]
  if (told < FAILURE) session.receive(packetId) // [MQTT-4.3.3-9]
  peer.ack(PacketType.pubrec, packetId, told) // [MQTT-4.3.3-8]
}

/** Refused for the server's want, not for the message's fault. */
function isForNow(reason: Reason): boolean {
  return reason === Reason.quotaExceeded || reason === Reason.implementationSpecificError
}

/** Counts and logs it; returns what the client may be told beside the reason. */
function refused(
  client: Client,
  packet: Publish,
  admitted: Message | Reason,
  reason: Reason,
): string | undefined {
  const { counters, log, access } = client.front.parts
  const { session, principal } = client.admission
  const { qos, retain } = packet
  counters.publishesRefused += 1
  const fields = {
    client: session.clientId,
    topic: typeof admitted === 'number' ? packet.topic : admitted.topic,
    reason: reasonName(reason, PacketType.puback),
  }
  if (reason !== Reason.notAuthorized || typeof admitted === 'number') {
    log.debug('publish refused', fields)
    return undefined
  }
  const { topic } = admitted
  const explanation = explain(access, principal, { act: 'publish', topic, qos, retain })
  log.info('publish refused', { ...fields, user: principal.user, rule: explanation?.by })
  return explanation?.told
}
