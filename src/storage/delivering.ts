// Hands what the table holds to whoever takes the recovery: the retained messages, the sessions,
// the queues of groups, page by page.

import type { Log } from '../core/ports.ts'
import { type QueueName, type Recovery, sessionQueue, type StoreRecord } from '../core/store.ts'
import { FieldReader } from './fields.ts'
import type { Kv } from './kv.ts'
import type { Opened } from './opening.ts'
import type { Registry } from './registry.ts'
import { SessionLoader } from './session-load.ts'
import { UnreadableError } from './storage-errors.ts'
import { readBodyValue } from './table-entry.ts'
import { RANGES } from './table-keys.ts'
import { pages, visitAll } from './table-load.ts'

const GROUP_PREFIX = 'g/'
const SESSION_PREFIX = 'c/'

/** Returns records of the end of what is left of sessions that cannot be brought back. */
export async function deliver(
  kv: Kv,
  registry: Registry,
  opened: Opened,
  into: Recovery,
  log: Log,
): Promise<readonly StoreRecord[]> {
  const { quarantine, index, firstOffset, wallMs } = opened
  const table = kv.snapshot()
  const lost = new Set(registry.sessions.keys())
  try {
    into.begin(firstOffset, wallMs)
    const reader = new FieldReader()
    await visitAll(table, RANGES.retained, quarantine, (key, value) => {
      into.retained(readBodyValue(reader, key, value))
    })
    const loader = new SessionLoader(table, registry, quarantine)
    const emit = async (): Promise<void> => {
      for (const session of await loader.loaded()) {
        const queue = index.queue(registry.queues.get(sessionQueue(session.clientId)))
        into.session({ ...session, queue })
        lost.delete(session.clientId)
      }
    }
    for await (const page of pages(table, RANGES.sessions)) {
      for (const [key, value] of page) {
        try {
          loader.take(key, value)
        } catch (error) {
          if (!(error instanceof UnreadableError)) throw error
          quarantine.add(key, value, error.message)
        }
      }
      await emit()
    }
    loader.end()
    await emit()
    for (const [name, state] of registry.queues) {
      if (!name.startsWith(GROUP_PREFIX)) continue
      into.group(name.slice(GROUP_PREFIX.length), index.queue(state))
    }
    await quarantine.flush()
  } finally {
    table.close()
  }
  if (quarantine.count > 0) {
    log.error('entries of the table cannot be read, and are kept aside', {
      entries: quarantine.count,
      path: quarantine.path,
    })
  }
  const ends = endsOf(lost, registry)
  if (ends.length > 0) log.error('what is left of lost sessions is dropped', { ends: ends.length })
  return ends
}

/** Whoever comes by the same client id next must not get what was another one's. */
function endsOf(lost: ReadonlySet<string>, { sessions, queues }: Registry): StoreRecord[] {
  const ends: StoreRecord[] = []
  for (const clientId of lost) ends.push({ kind: 'ended', clientId })
  for (const name of queues.keys()) {
    if (name.startsWith(GROUP_PREFIX) || sessions.has(name.slice(SESSION_PREFIX.length))) continue
    ends.push({ kind: 'emptied', queue: parseQueueName(name) })
  }
  return ends
}

/** It was one when it was written. */
function parseQueueName(name: string): QueueName {
  return name as QueueName
}
