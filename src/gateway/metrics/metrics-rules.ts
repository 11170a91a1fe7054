/** Where metrics are served. */
export interface MetricsRules {
  /** 0 lets the system choose; read the result from `flow.metricsPort`. Default 0. */
  readonly port: number
  /** Interface to bind. Default `'127.0.0.1'`: this machine only. In containers always all interfaces. */
  readonly host: string
  /** Scrapers must send a token of the option `auth` of the Flow. Default false: everyone who reaches the port may read the metrics. */
  readonly auth: boolean
}
