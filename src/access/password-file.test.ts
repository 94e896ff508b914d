// Password files: which lines are users, which are mistakes, and how one is edited.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linesOf } from './file-text.ts'
import { editPasswordFile, parsePasswordFile } from './password-file.ts'

const HASH = `$6$c2FsdA==$${Buffer.alloc(64).toString('base64')}`
const parse = (text: string) => parsePasswordFile('passwords', linesOf(text), undefined)

test('users, comments, blank lines and line ends of Windows', () => {
  const users = parse(`# ours\r\n\r\nal:${HASH}\r\n bo b : ${HASH} \n`)
  assert.deepEqual([...users.keys()], ['al', 'bo b'])
  assert.equal(users.get('al')?.text, HASH)
})

test('a mistake is told with file and line, and shows no password', () => {
  const refused = (text: string, message: string | RegExp) =>
    assert.throws(() => parse(text), { message })
  refused('al\n', 'passwords:1: is not user:password')
  refused(':x\n', 'passwords:1: is not user:password')
  refused('al:\n', 'passwords:1: is not user:password')
  refused(`al:${HASH}\nal:${HASH}\n`, 'passwords:2: user al is there twice')
  refused(
    '# x\nal:secret\n',
    'passwords:2: user al: its password is not hashed: set it with rameau passwd',
  )
  refused(`${'a'.repeat(70_000)}:${HASH}`, 'passwords:1: the name is too long')
  refused('al:$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA', /^passwords:1: user al: argon2id needs/)
})

test('editing adds, replaces and removes one user, and leaves the rest as it is', () => {
  const text = '# ours\nal:1\n\nbo:2'
  assert.equal(editPasswordFile(text, 'cy', '3'), '# ours\nal:1\n\nbo:2\ncy:3\n')
  assert.equal(editPasswordFile(text, 'al', '3'), '# ours\nal:3\n\nbo:2\n')
  assert.equal(editPasswordFile(text, 'bo', undefined), '# ours\nal:1\n\n')
  assert.equal(editPasswordFile(text, '# ours', undefined), undefined)
  assert.equal(editPasswordFile(text, 'b', undefined), undefined)
  assert.equal(editPasswordFile('', 'al', '1'), 'al:1\n')
})
