import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cacheFolder, downloadNewsgroups } from './download.js'

const archive = Buffer.alloc(300_000, 'archive')
const sha256 = createHash('sha256').update(archive).digest('hex')

let server: Server
let url: string
let folder: string
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'download-')), 'cache')
  server = createServer((request, response) => {
    if (request.url === '/archive') response.end(archive)
    else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  if (server.listening) server.close()
  await rm(path.dirname(folder), { recursive: true })
})

describe('downloadNewsgroups', () => {
  it('stores the complete archive in a folder of the user', async () => {
    await downloadNewsgroups(folder, { url: `${url}/archive`, sha256 })
    expect(await readdir(folder)).toEqual(['20news-bydate.tar.gz'])
    expect((await readFile(path.join(folder, '20news-bydate.tar.gz'))).equals(archive)).toBe(true)
    expect((await stat(folder)).mode & 0o077).toBe(0)
  })

  it('keeps nothing of an archive with another checksum', async () => {
    const download = downloadNewsgroups(folder, { url: `${url}/archive` })
    await expect(download).rejects.toThrow(`SHA-256 should be 8f1b2514`)
    expect(await readdir(folder)).toEqual([])
  })

  it('reports an error of the server', async () => {
    await expect(downloadNewsgroups(folder, { url: `${url}/none`, sha256 })).rejects.toThrow('answered 404')
  })

  it('reports an unreachable server', async () => {
    server.close()
    await once(server, 'close')
    await expect(downloadNewsgroups(folder, { url, sha256 })).rejects.toThrow('ECONNREFUSED')
  })
})

describe('cacheFolder', () => {
  it('is the one the user configured, if absolute, else in the home folder', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/caches' })).toBe('/caches/millrace')
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative' })).toMatch(/\.cache\/millrace$/)
    expect(cacheFolder({})).toMatch(/\.cache\/millrace$/)
  })
})
