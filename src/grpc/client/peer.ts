/** The server to dial. */
export interface Peer {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** Largest message to send or to accept, in bytes. */
  readonly maxMessageBytes: number
}

/** 256 MiB: larger than any sane request, small enough that a broken length cannot take all memory. */
export const defaultMaxMessageBytes: number = 256 * 1024 * 1024
