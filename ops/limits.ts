// Size limits of source files, enforced by the tidy test and equal to the linter's.

export const LIMITS = {
  fileLines: 400,
  columns: 100,
  functionLines: 60,
  /** Higher, because a workflow reads as one page in business order. */
  workflowFunctionLines: 70,
  nesting: 3,
  /** Files of one folder, tests not counted. */
  folderEntries: 20,
};
