// How large a source may be: the tidy test enforces it, and holds the linter's numbers to it.

export const LIMITS = {
  fileLines: 400,
  columns: 100,
  functionLines: 60,
  /** A workflow reads as one page in business order. */
  workflowFunctionLines: 70,
  nesting: 3,
  /** Files of one folder, tests not counted. */
  folderEntries: 20,
};
