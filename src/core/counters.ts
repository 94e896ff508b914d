// Plain counters that only grow, read by metrics, `$SYS` and tests. One object per server, passed
// to whoever counts; never labelled by client or topic.

export interface Counters {
  connectionsOpened: number
  connectionsClosed: number
  /** CONNECTs that were refused, for whatever reason. */
  connectionsRefused: number
  /** CONNECTs that were accepted. */
  connectionsAccepted: number
  /** Sessions that ended because their time was over. */
  sessionsExpired: number
  bytesReceived: number
  /** By connections that are closed; open ones count their own. */
  bytesSentClosed: number
  packetsReceived: number
  packetsSent: number
  /** PUBLISHes that came in and were accepted. */
  publishesReceived: number
  /** Their payload bytes. */
  publishBytesReceived: number
  /** PUBLISHes that came in and were refused. */
  publishesRefused: number
  /** PUBLISHes that went out, repeated ones counted again. */
  publishesSent: number
  /** Their payload bytes. */
  publishBytesSent: number
  /** Messages dropped for one subscriber because his session's queue was full. */
  droppedQueueFull: number
  /** QoS 0 messages dropped for one subscriber who read too slowly. */
  droppedSlow: number
  /** Messages that expired before they were sent. */
  droppedExpired: number
  /** Messages larger than one subscriber's Maximum Packet Size. */
  droppedTooLarge: number
  /** Commits that failed and were tried again. */
  commitsFailed: number
  /** Pages of a queue that the store could not read at once. */
  readsFailed: number
  /** How often a publisher was not read from, since too much waited for the disk. */
  publishersPaused: number
}

export function createCounters(): Counters {
  return {
    connectionsOpened: 0,
    connectionsClosed: 0,
    connectionsRefused: 0,
    connectionsAccepted: 0,
    sessionsExpired: 0,
    bytesReceived: 0,
    bytesSentClosed: 0,
    packetsReceived: 0,
    packetsSent: 0,
    publishesReceived: 0,
    publishBytesReceived: 0,
    publishesRefused: 0,
    publishesSent: 0,
    publishBytesSent: 0,
    droppedQueueFull: 0,
    droppedSlow: 0,
    droppedExpired: 0,
    droppedTooLarge: 0,
    commitsFailed: 0,
    readsFailed: 0,
    publishersPaused: 0,
  }
}
