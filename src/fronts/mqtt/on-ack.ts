// PUBACK, PUBREC, PUBREL and PUBCOMP from a client, sections 3.4 to 3.7 and 4.3.

import { FAILURE, Reason } from '../../base/reason.ts'
import { type Ack, PacketType } from '../../codec/mqtt/packets.ts'
import { ProtocolError } from '../../codec/mqtt/protocol-error.ts'
import type { Client } from './client.ts'

/** One with an unknown id is ignored: there is nothing to say about it. */
export function onPuback(client: Client, { packetId }: Ack): void {
  if (!client.admission.session.puback(packetId)) throw misplaced('PUBACK', 'MQTT-4.3.2-3')
}

export function onPubrec(client: Client, { packetId, reason }: Ack): void {
  const { session, peer } = client.admission
  if (session.isInFlight(packetId)) {
    if (!session.pubrec(packetId, reason)) throw misplaced('PUBREC', 'MQTT-4.3.3-3')
  } else if (reason < FAILURE) {
    // So that the client can let go of it as well.
    peer.ack(PacketType.pubrel, packetId, Reason.packetIdentifierNotFound)
  }
}

/** Answered even where the id is unknown, so that the client can let go of it [MQTT-4.3.3-11]. */
export function onPubrel(client: Client, { packetId }: Ack): void {
  const { session, peer } = client.admission
  const reason = session.release(packetId) ? Reason.success : Reason.packetIdentifierNotFound
  peer.ack(PacketType.pubcomp, packetId, reason)
}

export function onPubcomp(client: Client, { packetId }: Ack): void {
  if (!client.admission.session.pubcomp(packetId)) throw misplaced('PUBCOMP', 'MQTT-4.3.3-5')
}

function misplaced(name: string, clause: string): ProtocolError {
  return new ProtocolError(
    `a ${name} that nothing in flight waits for`,
    Reason.protocolError,
    clause,
  )
}
