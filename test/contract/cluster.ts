// What every Cluster must bear: it is told, in the middle of a turn, and never answers or fails.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '../../src/core/ports.ts'
import { createMessage, filterOf } from '../support/tree-fixtures.ts'

export function clusterContract(name: string, create: () => Cluster): void {
  test(`${name}: interest comes and goes, many times`, () => {
    const cluster = create()
    for (const filter of ['#', 'a/+', 'a/b', '$SYS/#'].map(filterOf)) {
      cluster.announce(filter)
      cluster.withdraw(filter)
      cluster.announce(filter)
    }
  })

  test(`${name}: messages are passed on as they are`, () => {
    const cluster = create()
    cluster.announce(filterOf('a/b'))
    const message = createMessage('a/b', { payload: Uint8Array.of(1, 2, 3), qos: 1 })
    const before = structuredClone({ ...message })
    cluster.forward(message)
    assert.deepEqual(message.payload, before.payload)
  })

  test(`${name}: a client that connects here may be unknown elsewhere`, () => {
    const cluster = create()
    cluster.takeover('nobody')
    cluster.takeover('nobody')
  })
}
