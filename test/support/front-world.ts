// An MQTT front with clients in a world whose time is virtual, for the front's own tests.

import type { MqttSettings } from '../../src/fronts/mqtt/settings.ts'
import { createFront, FrontClient } from './front-client.ts'
import { SessionWorld } from './session-world.ts'

interface Options {
  readonly world?: ConstructorParameters<typeof SessionWorld>[0]
  readonly settings?: Partial<MqttSettings>
}

export interface FrontWorld {
  readonly world: SessionWorld
  readonly front: ReturnType<typeof createFront>
  readonly open: () => FrontClient
  /** A client whose CONNACK is there. */
  readonly join: (clientId: string, ...more: [object?, object?]) => FrontClient
}

/** A front in a world of its own, and how clients come to it. */
export function setUpFront({ world: worldOptions, settings }: Options = {}): FrontWorld {
  const world = new SessionWorld(worldOptions)
  const front = createFront(world, settings)
  const open = (): FrontClient => new FrontClient(world, front)
  const join = (clientId: string, ...more: [object?, object?]): FrontClient => {
    const client = open()
    client.connect(clientId, ...more)
    world.settle()
    return client
  }
  return { world, front, open, join }
}
