import { bytes, doc, Document, DocumentArray, Executor, NdArray, optional, tensor } from 'millrace'
import { z } from 'zod'

const Author = doc({ name: z.string(), age: z.number().int().nullable().default(null) }, { name: 'Author' })

const Article = doc(
  {
    title: z.string(),
    views: z.number().int(),
    rating: z.number(),
    draft: z.boolean(),
    raw: optional(bytes()),
    picture: z.string().nullable(),
    keywords: z.array(z.string()),
    pair: z.tuple([z.number(), z.string()]),
    labels: z.array(z.string()),
    extra: z.record(z.string(), z.unknown()),
    either: z.union([z.number(), z.string()]),
    embedding: optional(tensor('float32')),
    mask: optional(tensor('bool')),
    author: optional(Author),
    reviewers: [Author],
  },
  { name: 'Article' },
)
const Text = doc({ text: z.string() }, { name: 'Text' })
const Encoded = doc({ text: z.string(), embedding: tensor('float32', [4]) }, { name: 'Encoded' })

/** Endpoints without types. */
export class Untyped extends Executor {
  static module = import.meta.url
  static requests = {
    '/upper': 'upper',
    '/embed': 'embed',
    '/echo': 'echo',
    '/none': 'none',
    '/made': 'made',
    '/seen': 'seen',
    '/tag': 'tag',
    '/fail': 'fail',
    '/words': 'words',
    '/batched': { method: 'upper', batch: { size: 2 } },
  }

  upper(docs) {
    for (const doc of docs) doc.text = doc.text.toUpperCase()
  }
  embed(docs) {
    for (const doc of docs) doc.embedding = Float32Array.of(doc.text.length, 0, 0, 0.5)
  }
  echo(docs) {
    return docs
  }
  none() {
    return new DocumentArray()
  }
  made() {
    const made = new Document({ id: 'made', text: 'here', tags: { n: 1, half: 0.5 }, uri: 'http://a' })
    made.chunks.push({ id: 'chunk', blob: Uint8Array.of(0, 255) })
    made.matches.push({ id: 'match', text: 'm', scores: { cosine: { value: 0.25 } } })
    made.embedding = new NdArray({ data: Float64Array.of(1, 2), shape: [1, 2] })
    return new DocumentArray([made])
  }
  seen(docs) {
    return { docs: docs.map(({ id, text, uri, tags }) => ({ id, text, uri, tags })) }
  }
  tag(docs) {
    for (const doc of docs) doc.tags.title = `${doc.tags.title}!`
  }
  fail() {
    throw new TypeError('this one is bad')
  }
  *words(docs) {
    for (const { text } of docs) for (const word of text.split(' ')) yield new Document({ text: word })
  }
}

/** Endpoints with types. */
export class Typed extends Executor {
  static module = import.meta.url
  static requests = {
    '/encode': { method: 'encode', input: Text, output: Encoded },
    '/article': { method: 'article', input: Article, output: Article },
    '/same': { method: 'same', input: Article, output: Article },
    '/typed-words': { method: 'words', input: Text, output: Text },
  }

  encode(docs) {
    return docs.to(Encoded, ({ text }) => ({ embedding: Float32Array.of(text.length, 1, 2, 3) }))
  }

  article(docs) {
    for (const article of docs) {
      article.title = article.title.toUpperCase()
      article.views++
      article.reviewers.push({ name: 'Zoe', age: 5 })
    }
  }

  same() {}

  *words(docs) {
    for (const { text } of docs) for (const word of text.split(' ')) yield new Text({ text: word })
  }
}
