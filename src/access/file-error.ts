// A password or rule file that cannot be used, as one line for people: where, and what is wrong.

export class AccessFileError extends Error {
  readonly code = 'ERR_ACCESS_FILE'

  /** `line` counts from 1; undefined where the whole file is meant. */
  constructor(file: string, line: number | undefined, text: string, cause?: unknown) {
    super(`${file}${line === undefined ? '' : `:${line}`}: ${text}`, { cause })
  }
}
