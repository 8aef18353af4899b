// Prints the .proto file of protovalidate's rules from its descriptor into an ignored folder,
// because no package includes the file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import * as rules from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { ROOT } from '../instance.ts';

const LABELS = {
  [Label.OPTIONAL]: 'optional',
  [Label.REQUIRED]: 'required',
  [Label.REPEATED]: 'repeated',
};

const typeOf = ({ type, typeName }: FieldDescriptorProto): string =>
  typeName === '' ? (Type[type] ?? '').toLowerCase() : typeName;

const field = (one: FieldDescriptorProto, label = `${LABELS[one.label]} `): string =>
  `${label}${typeOf(one)} ${one.name} = ${one.number};`;

/** Leaves out options: buf only has to resolve the names that Holdfast's rules use. */
const message = ({ name, field: fields, oneofDecl, extensionRange }: DescriptorProto): string => {
  const isMember = (one: FieldDescriptorProto): boolean => Object.hasOwn(one, 'oneofIndex');
  const plain = fields.filter((one) => !isMember(one)).map((one) => field(one));
  const oneofs = oneofDecl.map(({ name: oneof }, at) => {
    const members = fields.filter((one) => isMember(one) && one.oneofIndex === at);
    return `oneof ${oneof} { ${members.map((one) => field(one, '')).join(' ')} }`;
  });
  const ranges = extensionRange.map(({ start, end }) => `extensions ${start} to ${end - 1};`);
  return `message ${name} {\n  ${[...plain, ...oneofs, ...ranges].join('\n  ')}\n}`;
};

const enumeration = ({ name, value }: EnumDescriptorProto): string =>
  `enum ${name} {\n  ${value.map((one) => `${one.name} = ${one.number};`).join('\n  ')}\n}`;

/** Writes proto/vendor/buf/validate/validate.proto. */
export const vendorProtos = (): void => {
  const { proto } = rules.file_buf_validate_validate;
  const extensions = proto.extension.map((one) => `extend ${one.extendee} { ${field(one)} }`);
  const text = [
    'syntax = "proto2";',
    `package ${proto.package};`,
    ...proto.dependency.map((path) => `import "${path}";`),
    ...extensions,
    ...proto.enumType.map(enumeration),
    ...proto.messageType.map(message),
  ].join('\n');
  const path = resolve(ROOT, 'proto', 'vendor', `${proto.name.replace(/\.proto$/, '')}.proto`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
};
