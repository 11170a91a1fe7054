import type { GrpcCompressionRules, GrpcRules } from '../gateway/grpc-rules.js'
import type { Option } from './option.js'
import { flag, group, integer, orTrue } from './option-kinds.js'

/** Options of the protocol `grpc`. */
export interface FlowGrpc {
  /**
   * Compress messages of at least `minBytes` bytes with gzip, to clients whose `grpc-accept-encoding` has it: in calls whose
   * requests are compressed, or with `always` in all calls. `true` is `{}`. Default `{ minBytes: 1024, always: false }`.
   */
  readonly compression: boolean | null | Partial<GrpcCompressionRules>
}

const compression: Option<GrpcCompressionRules | null> = {
  ...orTrue(
    group<GrpcCompressionRules>({ minBytes: integer(1024, 0), always: flag(false) }, '{ minBytes, always }'),
  ),
  preset: { minBytes: 1024, always: false },
}

/** Checks and defaults of `grpc`. */
export const grpcOption: Option<GrpcRules> = group<GrpcRules>(
  { compression },
  `{ compression }: compression is ${compression.expected}`,
)
