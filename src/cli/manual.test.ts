// The manual page names every option of `rameau start`, and none that it does not have.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Command } from 'commander'
import { addStartFlags } from './flags.ts'

const PAGE = join(import.meta.dirname, '..', '..', 'man', 'rameau.1')

test('the options of start are those of the manual page', () => {
  const [, section = ''] =
    /^\.SH OPTIONS OF START\n(.*?)^\.SH /ms.exec(readFileSync(PAGE, 'utf8')) ?? []
  const named = [...section.matchAll(/^\.TP\n\.BI? (\\-\\-\S+)/gm)].map(([, name = '']) => {
    return name.replaceAll('\\-', '-')
  })
  const options = addStartFlags(new Command()).options.map(({ long }) => long)
  assert.deepEqual(named, options)
})
