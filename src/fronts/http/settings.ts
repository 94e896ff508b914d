// What an operator may set about HTTP: keys of the configuration file under `http`.

export interface HttpSettings {
  /** Messages that a stream of events can go on from. Above: the oldest goes. 0: none. */
  readonly replayEventsMax: number
}

export const DEFAULT_HTTP_SETTINGS: HttpSettings = { replayEventsMax: 10_000 }
