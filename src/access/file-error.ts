// A password or rule file that cannot be used, in lines for people: where, and what is wrong.

export class AccessFileError extends Error {
  readonly code = 'ERR_ACCESS_FILE'

  /**
   * `place` is a line from 1, or line and column; undefined where the whole file is meant. `more`
   * are further problems, each with its place.
   */
  constructor(
    file: string,
    place: number | string | undefined,
    text: string,
    { cause, more = [] }: { readonly cause?: unknown; readonly more?: readonly string[] } = {},
  ) {
    const first = `${file}${place === undefined ? '' : `:${place}`}: ${text}`
    super([first, ...more].join('\n'), { cause })
  }
}
