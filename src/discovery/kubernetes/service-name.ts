/** A Service of a cluster. */
export interface ServiceName {
  readonly service: string
  readonly namespace: string
}

/** Parses `NAME.NAMESPACE.svc`, with or without the cluster's domain; undefined for anything else. */
export function parseServiceName(host: string): ServiceName | undefined {
  const [, service, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\..+)?$/.exec(host) ?? []
  return service === undefined || namespace === undefined ? undefined : { service, namespace }
}
