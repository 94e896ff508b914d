// Hands what the table holds to whoever takes the recovery: the retained messages, the sessions,
// the queues of groups, page by page.

import type { Log } from '../core/ports.ts'
import { type Recovery, sessionQueue } from '../core/store.ts'
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

export async function deliver(
  kv: Kv,
  registry: Registry,
  opened: Opened,
  into: Recovery,
  log: Log,
): Promise<void> {
  const { quarantine, index, firstOffset, wallMs } = opened
  const table = kv.snapshot()
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
}
