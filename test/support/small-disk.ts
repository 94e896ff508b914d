// A file system of a few megabytes in memory, mounted for one test, which can be filled up and be
// emptied again. Mounting is for root; others become root of a namespace of their own.

import { execFileSync, spawnSync } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const IN_NAMESPACE = 'SMALL_DISK_NAMESPACE'
const BALLAST = 'ballast'
/** From large to small pieces, so that not a page is left. */
const PIECES_BYTES = [1024 * 1024, 4096] as const

export class SmallDisk {
  readonly folder: string

  /** Is gone after the test. */
  constructor(t: TestContext, bytes: number) {
    this.folder = mkdtempSync(join(tmpdir(), 'rameau-disk-'))
    mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', this.folder)
    t.after(() => {
      execFileSync('umount', ['--lazy', this.folder])
      rmdirSync(this.folder)
    })
  }

  /** Leaves not one byte, or so many. */
  fill(leftBytes: number = 0): void {
    const fd = openSync(join(this.folder, BALLAST), 'w')
    try {
      for (const bytes of PIECES_BYTES) while (writes(fd, bytes));
      ftruncateSync(fd, fstatSync(fd).size - leftBytes)
    } finally {
      closeSync(fd)
    }
  }

  /** Takes away what `fill` wrote. */
  empty(): void {
    rmSync(join(this.folder, BALLAST))
  }

  /** Nothing can be written any more; only while nobody has a file open for writing. */
  protect(): void {
    mount('-o', 'remount,bind,ro', this.folder)
  }
}

function mount(...args: readonly string[]): void {
  execFileSync('mount', args)
}

function writes(fd: number, bytes: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(bytes)) > 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}

/** How a test file gets small disks. */
export type Way = 'here' | 'in a namespace' | { readonly skip: string }

/** In CI, root without the right to mount is a failure, so that no suite quietly shrinks. */
export function wayToSmallDisks(): Way {
  const isRoot = process.getuid?.() === 0
  if (isRoot && tries('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()])) return 'here'
  const isInside = process.env[IN_NAMESPACE] === '1'
  if (!isInside && tries('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()])) {
    return 'in a namespace'
  }
  if (isRoot && process.env['CI'] === 'true') throw new Error('root may not mount a tmpfs')
  return { skip: 'no right to mount a tmpfs' }
}

/**
 * Runs the tests of a file whose titles match, as root of a namespace of its own; throws what they
 * say where one fails.
 */
export function runInNamespace(file: string, titles: RegExp): void {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const node = [process.execPath, '--test', `--test-name-pattern=${titles.source}`, file]
  const { status, stdout } = spawnSync('unshare', ['-rm', ...node], {
    env: { ...env, [IN_NAMESPACE]: '1' },
    encoding: 'utf8',
    timeout: 110_000,
  })
  if (status !== 0) throw new Error(stdout)
}

function tries(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}
