// What all sessions of one server share.

import type { Deadlines } from '../base/deadlines.ts'
import type { Gate } from '../base/gate.ts'
import type { Turn } from '../base/turn.ts'
import type { Counters } from '../core/counters.ts'
import type { Hub } from '../core/hub.ts'
import type { Limits } from '../core/limits.ts'
import type { Observer } from '../core/observer.ts'
import type { Access, Log } from '../core/ports.ts'
import type { Retained } from '../core/retained.ts'
import type { Store, StoreRecord } from '../core/store.ts'

export interface World {
  readonly turn: Turn<StoreRecord>
  readonly store: Store
  /** Open once all is back that an earlier run left. */
  readonly gate: Gate
  readonly deadlines: Deadlines
  readonly hub: Hub
  readonly retained: Retained
  readonly access: Access
  readonly limits: Limits
  readonly counters: Counters
  readonly log: Log
  readonly observer: Observer
}
