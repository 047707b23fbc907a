import { afterAll, expect, test } from 'vitest'
import { Expressions, parseExpression } from './expression.ts'

const expressions = new Expressions(20_000) // a busy machine is no endless expression
const impatient = new Expressions(1000)
afterAll(() => Promise.all([expressions.close(), impatient.close()]))

test('an expression is evaluated over its input', async () => {
  expect(
    await expressions.evaluate('{ "n": $number(qty) * 2, "who": $uppercase(name) }', { qty: '2', name: 'ada' }),
  ).toEqual({ n: 4, who: 'ADA' })
  expect(await expressions.evaluate('nothing', {})).toBeUndefined()
})

test('one that does not end is stopped, and the next one is evaluated', async () => {
  const endless = impatient.evaluate('( $f := function($n) { $f($n + 1) }; $f(0) )', {})
  const next = impatient.evaluate('1 + 1', {})
  await expect(endless).rejects.toThrow('took more than 1000 ms')
  expect(await next).toBe(2)
})

test('one that has overrun its time three times in a row is given up', async () => {
  const hasty = new Expressions(50)
  const endless = '( $f := function($n) { $f($n + 1) }; $f(0) )'
  for (let n = 0; n < 3; n += 1) await expect(hasty.evaluate(endless, {})).rejects.toThrow('took more than 50 ms')
  const soon = new Promise((resolve) => setImmediate(resolve, 'it was tried again'))
  const fourth = hasty.evaluate(endless, {}).catch((error: Error) => error.message)
  expect(await Promise.race([fourth, soon])).toContain('took more than 50 ms')
  await hasty.close()
})

test('a pattern that backtracks for ever is stopped too', async () => {
  const input = { text: `${'a'.repeat(40)}!` }
  await expect(impatient.evaluate('$match(text, /^(a+)+$/)', input)).rejects.toThrow('took more than')
})

test('its own fault is told and costs nobody else anything', async () => {
  await expect(expressions.evaluate('$number("x")', {})).rejects.toThrow(/number/)
  expect(await expressions.evaluate('2', {})).toBe(2)
})

test('a broken expression is told with its place', () => {
  expect(parseExpression('a + ').fault).toMatchObject({ at: expect.any(Number), message: expect.stringMatching(/\S/) })
  expect(parseExpression('{ "a": b ').fault?.at).toBeGreaterThan(4)
})

test.each(['$now()', '$random() < 0.5', '[1,2] ~> $shuffle()', '$eval("1")', '$map(a, function($v) { $millis() })'])(
  '%s is refused: a truth must not change',
  (expression) => {
    expect(parseExpression(expression).fault?.message).toContain('another value each time')
  },
)

test('the names that an expression reads from its input are known', () => {
  expect(parseExpression('{ "a": qty * 2, "b": items[0].name, "c": $x := who }').names.sort()).toEqual([
    'items',
    'qty',
    'who',
  ])
})
