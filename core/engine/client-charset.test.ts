/** Goal: what a client announces is what its bytes are taken for. Method: ids of MySQL's manual. */
import { clientCollation } from './client-charset.js'

test.each([
  [255, 'utf8mb4_0900_ai_ci'],
  [45, 'utf8mb4_general_ci'],
  [224, 'utf8mb4_unicode_ci'],
  [33, 'utf8mb3_general_ci'],
  [8, 'latin1_swedish_ci'],
  [63, 'binary'],
  [94, 'latin1_swedish_ci'],
  [230, 'utf8mb4_0900_ai_ci'],
  [0, undefined],
])('%d is %s', (id, name) => {
  expect(clientCollation(id)?.name).toBe(name)
})

test.each([
  [4, "Unknown character set: 'cp850'"],
  [28, "Unknown character set: 'gbk'"],
  [250, "Unknown character set: '#250'"],
])('%d is refused', (id, message) => {
  expect(() => clientCollation(id)).toThrow(expect.objectContaining({ number: 1115, message }))
})
