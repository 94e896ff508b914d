// Asks for a password: twice and without an echo at a terminal, else the first line of the input.

import { createInterface } from 'node:readline/promises'
import type { ReadStream } from 'node:tty'
import { Writable } from 'node:stream'

/** No password was given. The message is for people. */
export class PromptError extends Error {
  readonly code = 'ERR_PROMPT'
}

/** The input of the program: a terminal, a pipe or a file. */
export type Input = NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY'>>

/** Throws {@link PromptError} where there is none, or the two differ. */
export async function askPassword(
  input: Input,
  output: NodeJS.WritableStream,
  user: string,
): Promise<string> {
  if (input.isTTY !== true) return firstLine(input)
  const password = await askHidden(input, output, `Password of ${user}: `)
  const again = await askHidden(input, output, 'Again: ')
  if (password !== again) throw new PromptError('the two passwords differ')
  return password
}

async function firstLine(input: Input): Promise<string> {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  try {
    for await (const line of lines) return line
  } finally {
    lines.close()
  }
  throw new PromptError('no password on standard input')
}

/** A terminal echoes what readline writes to its output: that goes nowhere. */
async function askHidden(
  input: Input,
  output: NodeJS.WritableStream,
  question: string,
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 })
  output.write(question)
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      lines.once('SIGINT', () => reject(new PromptError('stopped')))
      lines.once('close', () => reject(new PromptError('no password was given')))
    })
  } finally {
    lines.close()
    output.write('\n')
  }
}
