// What a simulated client is and keeps beyond its connections, and where it lives.

import type { RawPacket } from '../support/raw-client-packet.ts'
import { type Ledger, type Letter, Mailbox } from './ledger.ts'
import type { LinkProfile, Network } from './network.ts'
import type { StoreBook } from './store.ts'
import type { World } from './world.ts'

export interface ClientProfile {
  readonly id: string
  readonly version: number
  /** Seconds that its session outlives a connection: 0 for none, Infinity for ever (before 5.0). */
  readonly expiryS: number
  readonly receiveMax: number
  readonly aliasMax: number
  readonly keepAliveS: number
  /** The longest that it takes to acknowledge. */
  readonly ackMs: number
  /** The only shared subscription of which it is a member, and its only subscription at all. */
  readonly group: string | undefined
  readonly link: LinkProfile
}

export interface Outgoing {
  readonly letter: Letter | undefined
  readonly packet: Partial<RawPacket> & { readonly type: string }
  readonly id: number
  readonly qos: number
  isReleased: boolean
}

/** What a client keeps of a session. */
export class ClientSession {
  readonly mailbox: Mailbox
  readonly outgoing: Map<number, Outgoing> = new Map()
  /** QoS 2 messages that came and were not released. */
  readonly incoming: Set<number> = new Set()
  lastId = 0

  constructor(owner: string) {
    this.mailbox = new Mailbox(owner)
  }
}

export interface Parts {
  readonly world: World
  readonly network: Network
  readonly ledger: Ledger
  readonly store: StoreBook
  /** Groups of which a member's session ended, and with it the QoS 2 messages begun there. */
  readonly endedGroups: Set<string>
}
