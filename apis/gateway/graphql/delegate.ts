// Delegates Search's fields of a mixed query to Search and merges the response by name.
import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  print,
  visit,
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Answer, Question } from '../../http/graphql/engine.ts';
import { isOwnQuery } from './schema.ts';

const INTROSPECTION = /^__/;

type Fragments = Map<string, SelectionSetNode>;

const fragmentsOf = (document: DocumentNode): Fragments =>
  new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one.selectionSet] as const] : [],
    ),
  );

/** The operation to run, by the document's operation name. */
export const operationOf = ({
  known,
  requested,
}: Question): OperationDefinitionNode | undefined => {
  const operations = known.document.definitions.filter(
    (one) => one.kind === Kind.OPERATION_DEFINITION,
  );
  if (!requested.operationName) return operations.length === 1 ? operations[0] : undefined;
  return operations.find(({ name }) => name?.value === requested.operationName);
};

/** Names of the root's fields, through every fragment; a recursive fragment is visited once. */
export const rootFieldsOf = (document: DocumentNode, set: SelectionSetNode): string[] => {
  const fragments = fragmentsOf(document);
  const seen = new Set<string>();
  const names: string[] = [];
  const look = (one: SelectionSetNode | undefined): void => {
    for (const selection of one?.selections ?? []) {
      if (selection.kind === Kind.FIELD) names.push(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) look(selection.selectionSet);
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        look(fragments.get(selection.name.value));
      }
    }
  };
  look(set);
  return names;
};

const isSearchs = (field: string): boolean => !isOwnQuery(field) && !INTROSPECTION.test(field);

/** True when all root fields are Search's, so that its response can be sent unchanged. */
export const isAllSearchs = (question: Question): boolean => {
  const operation = operationOf(question);
  if (operation?.operation !== OperationTypeNode.QUERY) return false;
  const fields = rootFieldsOf(question.known.document, operation.selectionSet);
  return fields.length > 0 && fields.every(isSearchs);
};

/** The document without the gateway's own fields and their fragments and variables. */
const searchsPart = (document: DocumentNode, operation: OperationDefinitionNode): string => {
  const onlySearchs = {
    ...document,
    definitions: document.definitions.filter(
      (one) => one.kind !== Kind.OPERATION_DEFINITION || one === operation,
    ),
  };
  const isRoot = (one: FieldNode, ancestors: readonly unknown[]): boolean =>
    !ancestors.some((above) => (above as { kind?: string }).kind === Kind.FIELD) &&
    !isSearchs(one.name.value);
  const cut = visit(onlySearchs, {
    Field: (node, _key, _parent, _path, ancestors) =>
      isRoot(node, ancestors) && isOfQuery(ancestors) ? null : undefined,
  });
  return print(withoutUnused(cut));
};

const isOfQuery = (ancestors: readonly unknown[]): boolean => {
  const holder = ancestors.find((above) => {
    const kind = (above as { kind?: string }).kind;
    return kind === Kind.FRAGMENT_DEFINITION || kind === Kind.OPERATION_DEFINITION;
  }) as { kind: string; typeCondition?: { name: { value: string } } } | undefined;
  return (
    holder?.kind === Kind.OPERATION_DEFINITION || holder?.typeCondition?.name.value === 'Query'
  );
};

/** GraphQL refuses unused definitions, and empty fragments cannot be written. */
const withoutUnused = (document: DocumentNode): DocumentNode => {
  const used = new Set<string>();
  const variables = new Set<string>();
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
  const isEmpty = (name: string): boolean =>
    (fragments.get(name)?.selectionSet.selections.length ?? 0) === 0;
  const slim = visit(document, {
    InlineFragment: {
      leave: (node) => (node.selectionSet.selections.length === 0 ? null : undefined),
    },
    FragmentSpread: (node) => (isEmpty(node.name.value) ? null : undefined),
  });
  const note = (node: DefinitionNode): void =>
    void visit(node, {
      FragmentSpread: ({ name }) => {
        if (used.has(name.value)) return;
        used.add(name.value);
        const fragment = fragments.get(name.value);
        if (fragment) note(fragment);
      },
      VariableDefinition: () => false,
      Variable: ({ name }) => void variables.add(name.value),
    });
  slim.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION).forEach(note);
  return {
    ...slim,
    definitions: slim.definitions.flatMap((one): DefinitionNode[] => {
      if (one.kind === Kind.FRAGMENT_DEFINITION) return used.has(one.name.value) ? [one] : [];
      if (one.kind !== Kind.OPERATION_DEFINITION) return [];
      const variableDefinitions = (one.variableDefinitions ?? []).filter(({ variable }) =>
        variables.has(variable.name.value),
      );
      return [{ ...one, variableDefinitions }];
    }),
  };
};

type RequestSearch = (body: object) => Promise<Answer>;

/** Root resolvers for Search's fields that share one call to it, and its errors and extensions. */
export const delegated = (
  question: Question,
  fields: readonly string[],
  context: RequestSearch,
) => {
  let requested: Promise<Answer> | undefined;
  const answer = (): Promise<Answer> => {
    const operation = operationOf(question);
    if (!operation) throw new Error('a root field was resolved outside of an operation');
    const query = searchsPart(question.known.document, operation);
    const { variables, operationName } = question.requested;
    return (requested ??= context({ query, variables, operationName }));
  };
  const field = async (_args: unknown, _context: unknown, { path }: { path: { key: string } }) => {
    const { data, errors = [] } = await answer();
    const error = errors.find((one) => (one.path?.[0] ?? path.key) === path.key);
    const found = data?.[path.key];
    if (found !== undefined && found !== null) return found;
    if (!error) return null;
    throw new GraphQLError(error.message, { extensions: error.extensions ?? {} });
  };
  return {
    root: Object.fromEntries(fields.filter(isSearchs).map((name) => [name, field])),
    /** Search's extensions: warnings, and errors inside of its data. */
    beside: async () => {
      const outcome = await requested?.catch(() => undefined);
      const errors = (outcome?.errors ?? []).filter(({ path = [] }) => path.length > 1);
      return { errors, extensions: outcome?.extensions };
    },
  };
};
