// The version of what lies in the data directory, and what is said of another one.

import { StoreOpenError } from '../base/errors.ts'

/** Grows when an older program could not read, or would misread, what a newer one wrote. */
export const FORMAT = 1

export function formatError(directory: string, found: string): StoreOpenError {
  return new StoreOpenError(
    'ERR_STORE_FORMAT',
    `the data directory ${directory} has format ${found}, and this version of rameau reads ` +
      `format ${FORMAT}; nothing was changed. Start the version that wrote it, let it write the ` +
      "state out with 'rameau store export', and take that in with 'rameau store import' here, " +
      'into an empty directory',
  )
}

/** In the data directory, for people and for programs that know of no table. */
export const FORMAT_FILE = 'format.json'

export function formatText(): string {
  return `{ "format": ${FORMAT} }\n`
}
