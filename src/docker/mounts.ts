import { homedir } from 'node:os'
import path from 'node:path'
import type Dockerode from 'dockerode'
import type { Volume } from '../plan/container.js'

/** What a container has from outside of itself. */
export type Mount =
  | { readonly kind: 'volume'; readonly name: string; readonly target: string; readonly labels?: Labels }
  /** A folder of the machine, which must be there. */
  | { readonly kind: 'folder'; readonly source: string; readonly target: string; readonly readOnly?: boolean }
  /** Goes with the container. */
  | { readonly kind: 'memory'; readonly target: string }

type Labels = Readonly<Record<string, string>>

/** A source with a `/`, `.` or `~` in front is a folder, another one a volume; null is a volume made for it. */
export function mountOf(
  { source, target }: Volume,
  { made, labels = {} }: { readonly made: string; readonly labels?: Labels },
): Mount {
  if (source === null) return { kind: 'volume', name: made, target, labels }
  if (!/^[./~]/.test(source)) return { kind: 'volume', name: source, target }
  const folder = source.startsWith('~') ? path.join(homedir(), source.slice(1)) : path.resolve(source)
  return { kind: 'folder', source: folder, target }
}

/** Docker makes a volume that it does not have, with these labels. */
export function mountsOf(mounts: readonly Mount[]): Dockerode.MountConfig {
  return mounts.map((mount): Dockerode.MountSettings => {
    const { target: Target } = mount
    switch (mount.kind) {
      case 'volume': {
        const VolumeOptions = {
          NoCopy: false,
          Labels: { ...mount.labels },
          DriverConfig: { Name: 'local', Options: {} },
        }
        return { Type: 'volume', Source: mount.name, Target, VolumeOptions }
      }
      case 'folder':
        return { Type: 'bind', Source: mount.source, Target, ReadOnly: mount.readOnly ?? false }
      case 'memory':
        return { Type: 'tmpfs', Source: '', Target }
    }
  })
}
