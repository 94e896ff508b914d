// Reads the files of access: the only place of this part that touches the disk.

import { readFile } from 'node:fs/promises'
import { whyUnreadable } from '../base/errors.ts'
import { AccessFileError } from './file-error.ts'

/** A line of a file, with its number from 1. */
export interface Line {
  readonly number: number
  readonly text: string
}

/** The lines that say something: no comment (a `#` in front of all), nor a blank one. */
export async function readLines(file: string): Promise<readonly Line[]> {
  return linesOf(await readText(file))
}

export async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    throw new AccessFileError(file, undefined, whyNot(error), { cause: error })
  }
}

export function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, text: line.trimEnd() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'))
}

function whyNot(error: unknown): string {
  const isText = error instanceof TypeError
  return isText ? 'is no UTF-8' : `cannot be read: ${whyUnreadable(error)}`
}
