import type { ChannelOptions } from '@grpc/grpc-js'

/** Who is dialled. */
export interface Peer {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** The largest message sent or taken, in bytes. */
  readonly maxMessageBytes: number
}

/** 256 MiB: larger than any sane request, small enough that a broken length cannot take all memory. */
export const defaultMaxMessageBytes: number = 256 * 1024 * 1024

/**
 * Window of a stream and of the connection. HTTP/2 starts with 64 KiB, so that a request of 100 documents would wait for
 * several window updates; with 1 MiB it goes out in one piece.
 */
const flowControlWindowBytes = 1024 * 1024

export function channelOptions(peer: Peer): ChannelOptions {
  return {
    'grpc.max_send_message_length': peer.maxMessageBytes,
    'grpc.max_receive_message_length': peer.maxMessageBytes,
    'grpc.keepalive_time_ms': 9_999,
    'grpc.keepalive_timeout_ms': 4_999,
    'grpc-node.flow_control_window': flowControlWindowBytes,
    // a peer that just came up is found within half a second
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    // connections are closed with their client, not shared with others of the process
    'grpc.use_local_subchannel_pool': 1,
    'grpc.service_config_disable_resolution': 1,
    // repeating is decided here, where it is known whether a request may be sent twice
    'grpc.enable_retries': 0,
  }
}
