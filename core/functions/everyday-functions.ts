/**
 * The everyday scalar functions, family by family: everything of MySQL's function reference that is no operator, cast,
 * comparison or control flow. `library.ts` joins them with the rest.
 */
import type { ScalarFunction } from '../spi/functions.js'
import { dateConstructionFunctions } from './date-construction.js'
import { currentDateFunctions } from './date-current.js'
import { dateArithmeticFunctions } from './date-arithmetic.js'
import { dateFormatFunctions } from './date-format.js'
import { dateParsingFunctions } from './date-parsing.js'
import { datePartFunctions } from './date-parts.js'
import { digestFunctions } from './digests.js'
import { encryptionFunctions } from './encryption.js'
import { jsonAttributeFunctions } from './json-attributes.js'
import { jsonCreationFunctions } from './json-creation.js'
import { jsonModificationFunctions } from './json-modification.js'
import { jsonSearchFunctions } from './json-search.js'
import { jsonValueFunctions } from './json-value.js'
import { mathematicalFunctions } from './mathematics.js'
import { networkAddressFunctions } from './network-addresses.js'
import { numberFormatFunctions } from './number-format.js'
import { numberConversionFunctions } from './number-conversion.js'
import { roundingFunctions } from './rounding.js'
import { sessionInformationFunctions } from './session-information.js'
import { stringBuildingFunctions } from './string-building.js'
import { stringEncodingFunctions } from './string-encoding.js'
import { stringLengthFunctions } from './string-length.js'
import { stringPartFunctions } from './string-parts.js'
import { stringSearchFunctions } from './string-search.js'
import { stringTransformationFunctions } from './string-transformation.js'
import { timeArithmeticFunctions } from './time-arithmetic.js'
import { userLockFunctions } from './user-locks.js'
import { uuidFunctions } from './uuids.js'

export const everydayFunctions: readonly ScalarFunction[] = [
  ...currentDateFunctions,
  ...dateArithmeticFunctions,
  ...dateConstructionFunctions,
  ...dateFormatFunctions,
  ...dateParsingFunctions,
  ...datePartFunctions,
  ...digestFunctions,
  ...encryptionFunctions,
  ...jsonAttributeFunctions,
  ...jsonCreationFunctions,
  ...jsonModificationFunctions,
  ...jsonSearchFunctions,
  ...jsonValueFunctions,
  ...mathematicalFunctions,
  ...networkAddressFunctions,
  ...numberFormatFunctions,
  ...numberConversionFunctions,
  ...roundingFunctions,
  ...sessionInformationFunctions,
  ...userLockFunctions,
  ...stringBuildingFunctions,
  ...stringEncodingFunctions,
  ...stringLengthFunctions,
  ...stringPartFunctions,
  ...stringSearchFunctions,
  ...stringTransformationFunctions,
  ...timeArithmeticFunctions,
  ...uuidFunctions,
]
