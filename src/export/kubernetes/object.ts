/** Fields common to all objects of the Kubernetes API. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Metadata
  readonly [section: string]: unknown
}

export interface Metadata {
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}
