/** Told the hosts there are now: at first, and whenever that changes. */
export type OnHosts = (hosts: ReadonlySet<string>) => void

/** Where the servers behind one name are, as they come and go. */
export interface HostSource {
  /** Resolves when the first answer, if there is one, was told. Never rejects. */
  open(found: OnHosts): Promise<void>
  /** Tells no more. */
  close(): void
}
