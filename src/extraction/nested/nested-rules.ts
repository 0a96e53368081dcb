import type { LandedFile } from '../landed-file.js';

/** How objects and arrays inside the records of a stream become columns and tables. */
export interface NestedRules {
  /** Levels of objects whose members become columns; 0: none. */
  flatten: number;
  /** Where arrays become rows of tables of their own; null: they stay in their columns. */
  childTables: ChildTables | null;
  /** What a source's name becomes in the table. */
  nameOf: (source: string) => string;
}

export interface ChildTables {
  /** Table of the records that hold the arrays. */
  table: string;
  /** Its columns that tell its rows apart, by their names in the table. */
  key: string[];
  /** Those of the key that came from further up and keep their names. */
  inherited: string[];
  /** `#at` of the records whose arrays count; absent: those of all. */
  only?: ReadonlySet<number>;
}

/** A landed file without the arrays that went into tables of their own. */
export interface SplitFile {
  file: LandedFile;
  /** Of all levels, each behind the one that it came from. */
  children: ChildFile[];
}

/** The elements of one array of all records of a file, one a record. */
export interface ChildFile {
  /** `<table>__<column>`. */
  table: string;
  parent: string;
  /** Its columns that hold the key of the row that the array stood in, in the order of that key. */
  parentKey: string[];
  /** The key of the rows with the array. */
  references: string[];
  /** Elements in all arrays together. */
  count: number;
  file: LandedFile;
}

/** The place of an element in its array, from 0. */
export const indexColumn = '_index';
/** The column of an element that is no object. */
export const valueColumn = 'value';
