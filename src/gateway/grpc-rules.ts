/** Which answers over gRPC are compressed; explained at `FlowGrpc`. */
export interface GrpcCompressionRules {
  /** Smaller messages are not. */
  readonly minBytes: number
  /** Also in calls whose requests are not. */
  readonly always: boolean
}

/** Options of gRPC; explained at `FlowGrpc`. */
export interface GrpcRules {
  readonly compression: GrpcCompressionRules | null
}

/** The defaults of the options. */
export const defaultGrpcRules: GrpcRules = { compression: { minBytes: 1024, always: false } }
