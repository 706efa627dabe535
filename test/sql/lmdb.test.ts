/**
 * Goal: SQL means what MySQL 8 says, on tables in LMDB. Method: every case of the corpus in this folder.
 */
import { describeCorpus } from './corpus.js'

describeCorpus('lmdb')
