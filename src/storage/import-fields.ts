// Takes a JSON object of an import apart, name by name: each must be of its kind, and none may be
// left over, so that a name with a slip of the pen is not taken for one that was left out.

/** What is wrong with a line. */
export class LineError extends Error {
  readonly code = 'ERR_STORE_LINE'
}

export class JsonFields {
  readonly #object: Readonly<Record<string, unknown>>
  readonly #where: string
  readonly #asked = new Set<string>()

  /** `where` is the object's place within the line, such as `message.`, or nothing. */
  constructor(value: unknown, where = '') {
    if (!isObject(value)) {
      throw new LineError(where === '' ? 'it is no JSON object' : `'${where}' is no object`)
    }
    this.#object = value
    this.#where = where === '' ? '' : `${where}.`
  }

  has(name: string): boolean {
    return this.#take(name) !== undefined
  }

  text(name: string): string {
    return this.textIf(name) ?? this.#missing(name)
  }

  textIf(name: string): string | undefined {
    const value = this.#take(name)
    if (value === undefined || isText(value)) return value
    return this.#wrong(name, 'is no text')
  }

  /** An integer from `min` to `max`. */
  integer(name: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    return this.integerIf(name, min, max) ?? this.#missing(name)
  }

  integerIf(name: string, min: number, max: number): number | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const isFine =
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
    return isFine ? value : this.#wrong(name, `is no integer from ${min} to ${max}`)
  }

  /** A time or a duration, not negative. */
  time(name: string): number {
    return this.timeIf(name) ?? this.#missing(name)
  }

  timeIf(name: string): number | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const isFine = typeof value === 'number' && value >= 0 && Number.isFinite(value)
    return isFine ? value : this.#wrong(name, 'is no time')
  }

  /** Likewise, or `never`: Infinity. */
  endIf(name: string): number | undefined {
    return this.#take(name) === 'never' ? Number.POSITIVE_INFINITY : this.timeIf(name)
  }

  end(name: string): number {
    return this.endIf(name) ?? this.#missing(name)
  }

  /** False where it is not there. */
  flag(name: string): boolean {
    const value = this.#take(name) ?? false
    return typeof value === 'boolean' ? value : this.#wrong(name, 'is neither true nor false')
  }

  /** Empty where it is not there. */
  list(name: string): readonly unknown[] {
    const value = this.#take(name) ?? []
    return Array.isArray(value) ? value : this.#wrong(name, 'is no list')
  }

  /** Integers from `min` to `max`; none where it is not there. */
  integers(name: string, min: number, max: number): readonly number[] {
    const isFine = (one: unknown): one is number =>
      typeof one === 'number' && Number.isInteger(one) && one >= min && one <= max
    const list = this.list(name)
    return list.every(isFine) ? list : this.#wrong(name, `has not only integers up to ${max}`)
  }

  textsIf(name: string): readonly string[] | undefined {
    if (this.#take(name) === undefined) return undefined
    const list = this.list(name)
    return list.every(isText) ? list : this.#wrong(name, 'has not only texts')
  }

  /** An object whose names are not ours. */
  anyIf(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#take(name)
    return value === undefined || isObject(value) ? value : this.#wrong(name, 'is no object')
  }

  object(name: string): JsonFields {
    return this.objectIf(name) ?? this.#missing(name)
  }

  objectIf(name: string): JsonFields | undefined {
    const value = this.#take(name)
    return value === undefined ? undefined : new JsonFields(value, `${this.#where}${name}`)
  }

  objects(name: string): readonly JsonFields[] {
    return this.list(name).map((one, index) => {
      return new JsonFields(one, `${this.#where}${name}[${index}]`)
    })
  }

  /** Under `name` as text, or under `{name}Base64`. */
  bytes(name: string): Uint8Array {
    return this.bytesIf(name) ?? this.#missing(name)
  }

  bytesIf(name: string): Uint8Array | undefined {
    const text = this.textIf(name)
    const base64 = this.textIf(`${name}Base64`)
    if (text !== undefined && base64 !== undefined) {
      return this.#wrong(name, `and '${name}Base64' are both there`)
    }
    if (text !== undefined) return encoder.encode(text)
    if (base64 === undefined) return undefined
    const bytes = Buffer.from(base64, 'base64')
    if (bytes.toString('base64') !== base64) this.#wrong(`${name}Base64`, 'is no base64')
    return new Uint8Array(bytes)
  }

  /** What `parse` makes of the text; undefined: `what` says what it is not. */
  parsed<T>(name: string, parse: (text: string) => T | undefined, what: string): T {
    return parse(this.text(name)) ?? this.#wrong(name, what)
  }

  /** After all that may be there was asked for. */
  done(): void {
    for (const name of Object.keys(this.#object)) {
      if (!this.#asked.has(name)) this.#wrong(name, 'is no known name')
    }
  }

  #take(name: string): unknown {
    this.#asked.add(name)
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined
  }

  #missing(name: string): never {
    return this.#wrong(name, 'is missing')
  }

  #wrong(name: string, what: string): never {
    throw new LineError(`'${this.#where}${name}' ${what}`)
  }
}

const encoder = new TextEncoder()

function isText(value: unknown): value is string {
  // Half of a pair could not be written as UTF-8.
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
