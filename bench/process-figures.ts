// What the system tells of another process, all its threads together.

import { readFileSync } from 'node:fs'
import { cpuMsOf } from '../test/support/live-server.ts'

export interface Figures {
  readonly ms: number
  /** User and system time. */
  readonly cpuMs: number
  /** Write system calls; undefined, as what follows, where the system does not tell. */
  readonly writes: number | undefined
  /** Given to the disk, in whole pages. */
  readonly diskBytes: number | undefined
}

const PAGE_BYTES = 4096

export function figuresOf(pid: number): Figures {
  return { ms: performance.now(), cpuMs: cpuMsOf(pid), ...ioOf(pid) }
}

/** What came between two looks. */
export function between(before: Figures, after: Figures): Figures {
  return {
    ms: after.ms - before.ms,
    cpuMs: after.cpuMs - before.cpuMs,
    writes: difference(before.writes, after.writes),
    diskBytes: difference(before.diskBytes, after.diskBytes),
  }
}

/** Memory that the process has in RAM. */
export function rssBytesOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES
}

function ioOf(pid: number): Pick<Figures, 'writes' | 'diskBytes'> {
  try {
    const text = readFileSync(`/proc/${pid}/io`, 'utf8')
    return { writes: fieldOf(text, 'syscw'), diskBytes: fieldOf(text, 'write_bytes') }
  } catch {
    return { writes: undefined, diskBytes: undefined }
  }
}

function fieldOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1])
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before
}
