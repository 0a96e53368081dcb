import { cursorCases } from './loader-cursors.js';
import { faultCases } from './loader-faults.js';
import { ledgerCases } from './loader-ledger.js';
import { refusalCases } from './loader-refusals.js';
import { ruleLaws } from './loader-rule-laws.js';
import { ruleCases } from './loader-rules.js';
import { tableCases } from './loader-tables.js';
import { valueCases } from './loader-values.js';
import { writeCases } from './loader-writes.js';

tableCases();
valueCases();
ledgerCases();
refusalCases();
ruleCases();
ruleLaws();
cursorCases();
faultCases();
writeCases();
