/** Kinds of values that several sections of whetstone.yaml share. */
import { z } from 'zod'
import { apiBase } from './fleet/check.ts'
import { findKey } from './secrets.ts'

export const whole = (least: number, most?: number) =>
  most === undefined ? z.int().min(least) : z.int().min(least).max(most)
export const share = () => z.number().min(0).max(1)
export const http = () =>
  z.url({ protocol: /^https?$/, error: 'expected an http(s) address such as http://127.0.0.1:8000/v1' })
/** A section that may be left out: its own fields have defaults. */
export const section = <Shape extends z.core.$ZodLooseShape>(shape: Shape, meaning: string) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(meaning)

export const apiKeyEnv = () =>
  z
    .string()
    .superRefine((value, context) => {
      if (/^sk-/.test(value) || findKey(value) >= 0)
        context.addIssue({
          code: 'custom',
          message:
            "holds a key. Put the key into an environment variable, write that variable's name here, and take the key out of the file",
        })
      else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value))
        context.addIssue({
          code: 'custom',
          message: 'expected the name of an environment variable such as OPENAI_API_KEY',
        })
    })
    .optional()
    .describe('name of the environment variable that holds the key; never the key itself')

export const replicas = () => z.array(http()).max(64).default([])

/** Addresses of equal servers, each once. */
export const servers = () =>
  replicas().refine((urls) => new Set(urls.filter((url) => URL.canParse(url)).map(apiBase)).size === urls.length, {
    error: 'names an address twice',
  })

/** `url` is a student that is only measured, `vllm` serves the one that learns. */
export const trainedOrNot = (
  { url, vllm }: { readonly url?: string | undefined; readonly vllm: readonly string[] },
  context: z.core.$RefinementCtx,
): void => {
  if (url !== undefined && vllm.length > 0)
    context.addIssue({
      code: 'custom',
      path: ['vllm'],
      message: 'serves the student that learns, and `url` one that does not: keep one of them',
    })
}

/** Replicas stand beside a first address, and each address once: twice named it would get twice its share. */
export const addressedOnce =
  (first: 'url' | 'baseUrl') =>
  (
    value: { readonly [key in typeof first]?: string | undefined } & { readonly replicas: readonly string[] },
    context: z.core.$RefinementCtx,
  ): void => {
    const address = value[first]
    const problem = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (address === undefined && value.replicas.length > 0)
      problem(['replicas'], `go with \`${first}\`: write the first address there`)
    const known = new Set<string>()
    for (const [at, one] of [address, ...value.replicas].entries()) {
      if (one === undefined || !URL.canParse(one)) continue // told already
      if (known.has(apiBase(one))) problem(['replicas', at - 1], 'is an address that stands here already')
      known.add(apiBase(one))
    }
  }
