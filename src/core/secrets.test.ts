import { expect, test } from 'vitest'
import { findKey, redact } from './secrets.ts'

// made up here, in pieces, so that no scanner takes this file for a leak
const tail = 'abcDEF0123456789abcDEF0123456789'

test.each(['sk-', 'sk-proj-', 'hf_', 'ghp_', 'gsk_', 'xai-', 'AIza'])(
  'a key that begins with %s is found and cut',
  (prefix) => {
    const text = `authorization: ${prefix}${tail}, next`
    expect(findKey(text)).toBe('authorization: '.length)
    expect(redact(text)).not.toContain(tail)
    expect(redact(text)).toMatch(/…, next$/)
  },
)

test.each(['risk-assessment-of-everything-2026', 'sk-learn-basics-tutorial', 'smollm2-135m', 'OPENAI_API_KEY'])(
  '%s is no key',
  (text) => {
    expect(redact(text)).toBe(text)
  },
)
