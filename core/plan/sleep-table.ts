/**
 * The computed table behind SLEEP(): asked for the row with some `seconds`, it answers after that time.
 */
import { BOOLEAN_TYPE, DOUBLE_TYPE } from '../common/sql-type.js'
import type { VirtualTable } from './logical.js'

export const SLEEP_TABLE: VirtualTable = Object.freeze({
  database: '',
  name: 'sleep',
  columns: [
    { name: 'seconds', type: DOUBLE_TYPE, nullable: true },
    { name: 'interrupted', type: BOOLEAN_TYPE, nullable: false },
  ],
})
