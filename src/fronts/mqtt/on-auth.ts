// AUTH, sections 3.15 and 4.12. No CONNECT with an Authentication Method is accepted, so on an
// accepted connection every AUTH is out of place [MQTT-4.12.0-7].

import { Reason } from '../../base/reason.ts'
import type { Auth } from '../../codec/mqtt/packets.ts'
import { ProtocolError } from '../../codec/mqtt/protocol-error.ts'
import type { Client } from './client.ts'

export function onAuth(_client: Client, _packet: Auth): void {
  throw new ProtocolError('AUTH without a method in CONNECT', Reason.protocolError, 'U5-51')
}
