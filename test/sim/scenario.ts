// What happens in a run: who takes part, how the network and the store behave, and what everybody
// does when. All of it follows from the seed.

import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts'
import { DEFAULT_MQTT_SETTINGS, type MqttSettings } from '../../src/fronts/mqtt/settings.ts'
import type { SimClient } from './client.ts'
import type { ClientProfile } from './session.ts'
import type { LinkProfile } from './network.ts'
import type { StoreProfile } from './store.ts'
import type { Chance, World } from './world.ts'

/** How long everybody does as he likes, and then how long they are given to finish. */
export const ACTIVE_MS = 30_000
export const DRAIN_MS = 90_000

export interface Scenario {
  readonly limits: Limits
  readonly mqtt: Partial<MqttSettings>
  readonly store: StoreProfile
  readonly clients: readonly ClientProfile[]
  /** Queues are so short that messages must be dropped. */
  readonly isTight: boolean
  /** In a thousand steps so many connections are lost or given up. */
  readonly faultPermille: number
  /** The topics that messages are sent to; few, so that they meet each other, or many. */
  readonly topics: readonly string[]
}

const TOPICS = ['a/b', 'a/c', 'a/b/c', 'b', 'b/x', '/b', 'c//d'] as const
const FILTERS = ['a/b', 'a/+', 'a/#', '#', '+/b', 'b/#', 'c/+/d', '+', 'a/c', '/b'] as const

export function plan(world: World): Scenario {
  const chance = world.chance('plan')
  const isTight = chance.percent(12)
  const clients: ClientProfile[] = []
  const count = chance.between(3, 6)
  for (let index = 0; index < count; index++) {
    clients.push(planClient(chance, `c${index}`, undefined))
  }
  if (chance.percent(60)) {
    const group = chance.percent(50) ? 'g1' : 'g2'
    const members = chance.between(2, 3)
    for (let index = 0; index < members; index++) {
      clients.push(planClient(chance, `w${index}`, group))
    }
  }
  return {
    isTight,
    clients,
    limits: {
      ...DEFAULT_LIMITS,
      sessionQueueMax: isTight ? chance.between(3, 12) : DEFAULT_LIMITS.sessionQueueMax,
      queueWindowMax: chance.percent(70) ? chance.between(2, 8) : DEFAULT_LIMITS.queueWindowMax,
      inflightMax: chance.percent(40) ? chance.between(1, 8) : DEFAULT_LIMITS.inflightMax,
      outboxBytesMax: chance.percent(30) ? chance.between(300, 30_000) : 1_000_000,
    },
    mqtt: {
      receiveMax: chance.percent(50) ? chance.between(1, 8) : DEFAULT_MQTT_SETTINGS.receiveMax,
      topicAliasMax: chance.pick([0, 2, 64]),
    },
    store: planStore(chance),
    faultPermille: chance.pick([0, 10, 25, 50, 100]),
    topics: chance.percent(50) ? ['a/b', chance.pick(TOPICS)] : TOPICS,
  }
}

function planStore(chance: Chance): StoreProfile {
  return {
    delayMs: chance.pick([0, 1, 10, 100]),
    sluggishPercent: chance.pick([0, 1, 5, 40]),
    failingPercent: chance.pick([0, 0, 1, 5]),
    refuses: chance.percent(60),
    holdsQueues: chance.percent(60),
    readMs: chance.pick([0, 1, 50, 500]),
  }
}

function planClient(chance: Chance, id: string, group: string | undefined): ClientProfile {
  const version = chance.pick([3, 4, 5, 5, 5])
  const isPersistent = chance.percent(70)
  const forever = version < 5 ? Number.POSITIVE_INFINITY : chance.pick([5, 20, 300, 300])
  return {
    id,
    version,
    expiryS: isPersistent ? forever : 0,
    receiveMax: version === 5 && chance.percent(60) ? chance.between(1, 6) : 65_535,
    aliasMax: version === 5 ? chance.pick([0, 1, 5]) : 0,
    keepAliveS: chance.pick([0, 5, 10]),
    ackMs: chance.pick([0, 5, 50, 500, 3000]),
    group,
    link: planLink(chance),
  }
}

function planLink(chance: Chance): LinkProfile {
  return {
    delayMs: chance.pick([0.1, 1, 20, 200]),
    roomBytes: chance.pick([500, 5000, 60_000]),
    chunkBytesMax: chance.pick([1, 40, 1400, 60_000]),
  }
}

/** Lets one client do something every now and then, until `endMs`. */
export function animate(client: SimClient, scenario: Scenario, endMs: number): void {
  const { world } = client.parts
  const { chance } = client
  const stepMs = chance.pick([200, 400, 800])
  const step = (): void => {
    if (world.nowMs >= endMs) return
    let restMs = chance.ms(stepMs * 2)
    const wasOnline = client.line !== undefined
    if (client.isOnline) act(client, scenario)
    else if (client.line === undefined && chance.percent(40)) open(client)
    else if (chance.percent(3)) open(client) // Impatient: takes its own connection over.
    // Some stay away for so long that much waits for them, or that their session ends.
    if (wasOnline && client.line === undefined && chance.percent(30)) restMs = chance.ms(15_000)
    world.at(restMs, step)
  }
  world.at(chance.ms(500), step)
}

/** Opens a connection, and asks for what a client of its kind wants. */
function open(client: SimClient): void {
  const { chance } = client
  const isClean = chance.percent(6)
  const will = chance.percent(40)
    ? {
        topic: chance.pick(TOPICS),
        qos: chance.between(0, 2),
        retain: chance.percent(20),
        delayS: chance.pick([0, 0, 1, 4, 30]),
      }
    : undefined
  client.connect(isClean, will)
}

function act(client: SimClient, scenario: Scenario): void {
  const { chance, profile } = client
  if (client.session.mailbox.subscriptions.size === 0 && chance.percent(80)) return ask(client)
  const die = chance.between(1, 1000)
  if (die <= scenario.faultPermille) return fault(client)
  if (die <= 60) return pause(client)
  if (die <= 120 && profile.group === undefined) return ask(client)
  if (die <= 150) {
    const names = [...client.session.mailbox.subscriptions.keys()]
    if (names.length > 0) client.unsubscribe(chance.pick(names))
    // Some leave a group and go while they still have messages of it.
    if (profile.group !== undefined && chance.percent(30)) fault(client)
    return
  }
  for (let left = chance.pick([1, 1, 2, 6]); left > 0; left--) publish(client, scenario.topics)
}

function publish(client: SimClient, topics: readonly string[]): void {
  const { chance } = client
  const isClear = chance.percent(3)
  client.publish(
    chance.pick(topics),
    chance.pick([0, 1, 1, 2, 2]),
    isClear || chance.percent(15),
    chance.percent(15) ? chance.between(1, 8) : undefined,
    isClear ? -1 : chance.pick([0, 3, 40, 200, chance.percent(5) ? 17_000 : 5]),
  )
}

function ask(client: SimClient): void {
  const { chance, profile } = client
  if (profile.group === undefined)
    client.subscribe(chance.pick(FILTERS), chance.pick([0, 0, 1, 2, 2, 2]))
  else client.subscribe('a/#', profile.group === 'g2' ? 2 : 1, profile.group)
}

function fault(client: SimClient): void {
  const { chance } = client
  switch (chance.between(1, 6)) {
    case 1:
    case 2:
      return client.lose(false)
    case 3:
      // Without keep alive nobody would ever learn of it.
      return client.lose(client.profile.keepAliveS > 0)
    case 4:
      return open(client)
    default:
      return client.disconnect(
        chance.percent(30),
        chance.percent(30) ? chance.pick([0, 5, 60]) : undefined,
      )
  }
}

function pause(client: SimClient): void {
  const { line, chance } = client
  if (line === undefined) return
  line.link.pauseReading()
  client.parts.world.at(chance.ms(chance.pick([50, 1000, 6000])), () => line.link.resumeReading())
}

/** From now on the client behaves, so that all that is owed to it can come. */
export function settle(client: SimClient): void {
  const { world } = client.parts
  const step = (): void => {
    client.line?.hurry()
    client.line?.link.resumeReading()
    if (client.line === undefined && client.isPersistent) client.connect(false)
    world.at(1000, step)
  }
  step()
}
