// What the resources under /topics are made of: the world that they translate HTTP to.

import type { Deadlines } from '../../base/deadlines.ts'
import type { Gate } from '../../base/gate.ts'
import type { Random } from '../../base/random.ts'
import type { Scheduler } from '../../base/scheduler.ts'
import type { Turn } from '../../base/turn.ts'
import type { Counters } from '../../core/counters.ts'
import type { Hub } from '../../core/hub.ts'
import type { Limits } from '../../core/limits.ts'
import type { Qos } from '../../core/message.ts'
import type { Observer } from '../../core/observer.ts'
import type { Access, Log } from '../../core/ports.ts'
import type { Retained } from '../../core/retained.ts'
import type { Store, StoreRecord } from '../../core/store.ts'
import type { HttpSettings } from './settings.ts'

/** What the server offers through every protocol. */
export interface Offer {
  readonly qosMax: Qos
  readonly retainAvailable: boolean
}

export interface TopicsParts {
  readonly turn: Turn<StoreRecord>
  /** Shut until all is back that the store kept. */
  readonly gate: Gate
  readonly hub: Hub
  readonly retained: Retained
  readonly store: Pick<Store, 'refusal'>
  /** Decides what somebody may do; who may come in is asked where he comes in. */
  readonly access: Access
  readonly limits: Limits
  readonly offer: Offer
  readonly http: HttpSettings
  readonly random: Random
  readonly scheduler: Scheduler
  readonly deadlines: Deadlines
  readonly counters: Counters
  readonly observer: Observer
  readonly log: Log
}
