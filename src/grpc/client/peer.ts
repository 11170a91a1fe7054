import type { ClientTls } from '../../tls/client-tls.js'

/** The server to dial. */
export interface Peer {
  readonly host: string
  readonly port: number
  /** Path of a Unix socket, which is dialled in place of host and port. Not with `tls`. */
  readonly path?: string | undefined
  readonly tls: boolean
  /** Used with `tls` only. Default: Node's authorities, no certificate, and the host as the server's name. */
  readonly credentials?: ClientTls | undefined
  /** Compress messages, and let the server compress its answers. Default null: neither. */
  readonly compression?: 'gzip' | null
  /** Largest message to send or to accept, in bytes. */
  readonly maxMessageBytes: number
}

/** 256 MiB: larger than any sane request, small enough that a broken length cannot take all memory. */
export const defaultMaxMessageBytes: number = 256 * 1024 * 1024
