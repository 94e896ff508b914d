// The table's engine on a real disk, as far as nothing else shows it.

import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLevel } from './kv-level.ts'

const skip = process.platform === 'win32' ? 'files have no mode there' : false

test("the table's folder is for the server alone, whatever the umask", { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rameau-kv-'))
  t.after(() => rm(directory, { recursive: true }))
  const path = join(directory, 'table')
  const scheduler = { defer: (run: () => void) => void setImmediate(run) }
  const umask = process.umask(0)
  try {
    const kv = await openLevel(path, directory, scheduler)
    await kv.close()
  } finally {
    process.umask(umask)
  }
  assert.equal((await stat(path)).mode & 0o777, 0o700)
  const again = await openLevel(path, directory, scheduler)
  await again.close()
})
