// DISCONNECT from a client, section 3.14.

import { Reason } from '../../base/reason.ts'
import type { Disconnect } from '../../codec/mqtt/packets.ts'
import { ProtocolError } from '../../codec/mqtt/protocol-error.ts'
import type { Client } from './client.ts'
import { expiryOf } from './dialect.ts'

export function onDisconnect(client: Client, packet: Disconnect): void {
  const { session, dialect, expiryS } = client.admission
  const { sessionExpiry } = packet.properties
  if (sessionExpiry !== undefined) {
    if (expiryS === 0 && sessionExpiry !== 0) {
      // It does not count as a DISCONNECT: the will stays.
      throw new ProtocolError(
        'a Session Expiry Interval after none in CONNECT',
        Reason.protocolError,
        'U5-29',
      )
    }
    const { sessionExpiryMax } = client.front.parts.settings
    session.expiryS = Math.min(expiryOf(sessionExpiry), sessionExpiryMax)
  }
  const dropsWill = dialect.disconnectDropsWill || packet.reason === Reason.success
  client.leave(packet.reason, dropsWill) // [MQTT-3.14.4-3]
}
