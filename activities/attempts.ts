// Which try of an activity this is.
import { Context } from '@temporalio/activity';

/** 1 for the first; so that only a first reserve may be refused without asking the ledger. */
export const attemptNow = (): number => Context.current().info.attempt;
