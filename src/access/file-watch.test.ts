// Watched files: each way of writing one is seen, once, and nothing else is.

import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AccessFiles } from '../../test/support/access-files.ts'
import { systemClock } from '../base/clock.ts'
import { FileWatch } from './file-watch.ts'

const BOUNDED = { timeout: 30_000 }

/** `next` resolves with the number of changes once there is one more. */
async function watched(t: TestContext, ...files: string[]) {
  let count = 0
  let tell: () => void = () => undefined
  const failures: string[] = []
  const watch = new FileWatch(files, {
    clock: systemClock,
    changed: () => {
      count += 1
      tell()
    },
    failed: (folder) => failures.push(folder),
  })
  t.after(() => watch.close())
  await watch.start()
  const next = async (write: () => void): Promise<number> => {
    const before = count
    const changed = new Promise<void>((resolve) => {
      tell = resolve
    })
    // Timers of the clock do not keep the process alive.
    const alive = setInterval(() => undefined, 1000)
    write()
    if (count === before) await changed
    clearInterval(alive)
    return count
  }
  return { watch, next, failures, count: () => count }
}

test('a file written in place, replaced, gone and back is seen each time', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  const file = files.write('rules', 'one')
  const { next } = await watched(t, file)
  assert.equal(await next(() => writeFileSync(file, 'two, longer')), 1)
  const other = files.write('rules.new', 'three')
  assert.equal(await next(() => renameSync(other, file)), 2)
  assert.equal(await next(() => rmSync(file)), 3)
  assert.equal(await next(() => writeFileSync(file, 'three')), 4)
})

test('a link that is swapped, as Kubernetes does, is seen', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  const at = (name: string) => join(files.folder, name)
  for (const version of ['v1', 'v2']) {
    mkdirSync(at(version))
    writeFileSync(join(at(version), 'rules'), version)
  }
  symlinkSync('v1', at('..data'))
  symlinkSync('..data/rules', at('rules'))
  const { next } = await watched(t, at('rules'))
  const swap = () => {
    symlinkSync('v2', at('..next'))
    renameSync(at('..next'), at('..data'))
  }
  assert.equal(await next(swap), 1)
})

test('many writes are one change, and those of other files none', BOUNDED, async (t) => {
  const files = new AccessFiles(t)
  const file = files.write('rules', '')
  const { next, count } = await watched(t, file)
  const write = () => {
    for (let part = 0; part < 20; part++) writeFileSync(file, `${part}`, { flag: 'a' })
  }
  assert.equal(await next(write), 1)
  files.write('other', 'text')
  assert.equal(await next(() => writeFileSync(file, 'last')), 2)
  assert.equal(count(), 2)
})

test('a folder that cannot be watched is told, closing twice is harmless', BOUNDED, async (t) => {
  const { watch, failures } = await watched(t, '/nowhere/rules')
  assert.deepEqual(failures, ['/nowhere'])
  watch.close()
  watch.close()
})
